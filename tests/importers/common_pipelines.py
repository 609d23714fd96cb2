"""Common pipelines with unsupported steps, and what the refusal must name."""

from __future__ import annotations

import numpy as np
from sklearn import cluster
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import NMF
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC

from tests.importers.common import FT, Common, columns, fitted
from tests.importers.common_steps import STEPS
from tests.importers.foreign import (
    FRAME,
    NUMBERS,
    ROWS,
    TEXTS,
    Always,
    Custom,
    TextEncoder,
    Y,
    products,
    ratio,
)

COMMON: dict[str, Common] = {
    **STEPS,
    "not fitted": Common(
        lambda: make_pipeline(StandardScaler(), LogisticRegression()),
        {
            "pipeline.standardscaler": ("sklearn.preprocessing.StandardScaler", "it is not fitted; fit it first"),
            "pipeline.logisticregression": ("sklearn.linear_model.LogisticRegression", "it is not fitted"),
        },
        NUMBERS,
    ),
    "a clusterer without predict": Common(
        lambda: cluster.DBSCAN().fit(NUMBERS),
        {"dbscan": ("sklearn.cluster.DBSCAN", "it has neither predict nor transform")},
        NUMBERS,
    ),
    "a clusterer without predict behind a step": Common(
        fitted(Custom(), cluster.AgglomerativeClustering(), x=NUMBERS),
        {
            "pipeline.custom": ("acme.features.Custom", "serve pipeline[1:] alone"),
            "pipeline.agglomerativeclustering": ("sklearn.cluster.AgglomerativeClustering", "such as KMeans"),
        },
        NUMBERS,
    ),
    "a distance of one's own": Common(
        fitted(
            StandardScaler(),
            KNeighborsClassifier(metric=lambda a, b: float(np.abs(a - b).sum()), algorithm="brute"),
            x=NUMBERS,
        ),
        {"pipeline.kneighborsclassifier": ("sklearn.neighbors.KNeighborsClassifier", "metric=")},
        NUMBERS,
    ),
    "a kernel of one's own among votes": Common(
        lambda: VotingClassifier(
            [("lr", LogisticRegression()), ("svm", SVC(kernel=products)), ("own", Always())], voting="hard"
        ).fit(NUMBERS.to_numpy(), Y),
        {
            "votingclassifier.svm": ("sklearn.svm.SVC", "kernel=tests.importers.foreign.products"),
            "votingclassifier.own": ("acme.models.Always", "use another estimator"),
        },
        NUMBERS.to_numpy(),
    ),
    "members of a stack": Common(
        lambda: StackingClassifier([("a", Always()), ("b", LogisticRegression())], final_estimator=Always(), cv=2).fit(
            NUMBERS, Y
        ),
        {
            "stackingclassifier.a": ("acme.models.Always", "use another estimator"),
            "stackingclassifier.final_estimator": ("acme.models.Always", "use another estimator"),
        },
        NUMBERS,
    ),
    "the best of a search": Common(
        lambda: GridSearchCV(make_pipeline(Custom(), LogisticRegression()), {"logisticregression__C": [1.0]}, cv=2).fit(
            NUMBERS, Y
        ),
        {"gridsearchcv.best_estimator.custom": ("acme.features.Custom", "no importer knows its class")},
        NUMBERS,
    ),
    "calibrated": Common(
        lambda: CalibratedClassifierCV(make_pipeline(Custom(), Always()), cv=2).fit(NUMBERS, Y),
        {
            "calibratedclassifiercv.calibrated_classifiers_[0].custom": ("acme.features.Custom", "no importer"),
            "calibratedclassifiercv.calibrated_classifiers_[0].always": ("acme.models.Always", "use another"),
        },
        NUMBERS,
    ),
    "one against the rest": Common(
        lambda: OneVsRestClassifier(make_pipeline(FunctionTransformer(ratio), LogisticRegression())).fit(
            NUMBERS, np.arange(ROWS) % 3
        ),
        {"onevsrestclassifier.estimators_[0].functiontransformer": (FT, "func=")},
        NUMBERS,
    ),
    "sparse rows into what reads dense ones": Common(
        fitted(CountVectorizer(), PolynomialFeatures(2), LogisticRegression(), x=TEXTS),
        {"pipeline.polynomialfeatures": ("sklearn.preprocessing.PolynomialFeatures", "sparse matrix")},
        TEXTS,
    ),
    "columns chosen by type, an own one among them": Common(
        fitted(
            columns(
                ("n", make_pipeline(Custom(), StandardScaler()), make_column_selector(dtype_include="number")),
                ("c", OneHotEncoder(), ["color"]),
            ),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.n.custom": ("acme.features.Custom", "no importer knows its class")},
    ),
    "a target transformed by one's own function": Common(
        lambda: TransformedTargetRegressor(
            Ridge(), func=lambda y: y * 2, inverse_func=lambda y: y - y.mean(), check_inverse=False
        ).fit(NUMBERS, FRAME["price"]),
        {"transformedtargetregressor.transformer": (FT, "inverse_func=")},
        NUMBERS,
    ),
    "a union of texts with a refused part and numbers behind": Common(
        fitted(FeatureUnion([("own", TextEncoder()), ("tfidf", TfidfVectorizer())]), NMF(2, max_iter=500), x=TEXTS),
        {
            "pipeline.featureunion.own": ("acme.texts.TextEncoder", "no importer knows its class"),
            "pipeline.nmf": ("sklearn.decomposition.NMF", "use TruncatedSVD"),
        },
        TEXTS,
    ),
}
