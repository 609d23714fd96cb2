"""Pipelines that people commonly have and that hold what cannot be served, with what a refusal must name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import cluster
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import NMF
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC

from tests.importers.foreign import (
    FRAME,
    NUMBERS,
    ROWS,
    SMOTE,
    TEXTS,
    Always,
    Custom,
    DatetimeEncoder,
    Forest,
    ImblearnPipeline,
    TargetEncoder,
    TextEncoder,
    Y,
    days,
    lengths,
    products,
    ratio,
    split,
)


@dataclass(frozen=True)
class Common:
    """One pipeline, and for each step that must be refused its path, its class, and a piece of the message."""

    make: Callable[[], Any]
    refused: dict[str, tuple[str, str]]
    x: Any = None
    needs_sample: bool = False
    """Whether only a sample tells."""


def _columns(*parts: tuple[str, Any, Any], **options: Any) -> ColumnTransformer:
    return ColumnTransformer(list(parts), **options)


def _fitted(*steps: Any, x: Any) -> Callable[[], Any]:
    return lambda: make_pipeline(*steps).fit(x, Y)


FT = "sklearn.preprocessing.FunctionTransformer"
COMMON: dict[str, Common] = {
    "a function of texts beside tf-idf": Common(
        _fitted(make_union(FunctionTransformer(lengths), TfidfVectorizer()), LogisticRegression(), x=TEXTS),
        {"pipeline.featureunion.functiontransformer": (FT, "func=tests.importers.foreign.lengths")},
        TEXTS,
    ),
    "tf-idf beside a function of texts": Common(
        _fitted(make_union(TfidfVectorizer(), FunctionTransformer(lengths)), LogisticRegression(), x=TEXTS),
        {"pipeline.featureunion.functiontransformer": (FT, "serve pipeline[1:] alone")},
        TEXTS,
    ),
    "a lambda of a column of texts": Common(
        _fitted(
            _columns(("tfidf", TfidfVectorizer(), "text"), ("len", FunctionTransformer(lengths), "text")),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.len": (FT, "use one of NumPy's")},
    ),
    "one-hot of dates": Common(
        _fitted(_columns(("d", OneHotEncoder(), ["when"])), LogisticRegression(), x=FRAME),
        {"pipeline.columntransformer.d": ("sklearn.preprocessing.OneHotEncoder", "dates.dt.dayofweek")},
    ),
    "ordinals of dates beside numbers": Common(
        _fitted(
            _columns(("d", OrdinalEncoder(), ["when"]), ("n", StandardScaler(), ["age"])), LogisticRegression(), x=FRAME
        ),
        {"pipeline.columntransformer.d": ("sklearn.preprocessing.OrdinalEncoder", "a column holds dates")},
    ),
    "dates by a function": Common(
        _fitted(
            _columns(("d", FunctionTransformer(days), ["when"]), ("n", StandardScaler(), ["age"])),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.d": (FT, "func=tests.importers.foreign.days")},
    ),
    "dates by skrub": Common(
        _fitted(
            _columns(("d", DatetimeEncoder(), ["when"]), ("n", StandardScaler(), ["age"])),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.d": ("skrub.DatetimeEncoder", "no importer knows its class")},
    ),
    "a text encoder of skrub": Common(
        _fitted(
            _columns(("t", TextEncoder(), "text"), ("c", OneHotEncoder(), ["color"])), LogisticRegression(), x=FRAME
        ),
        {"pipeline.columntransformer.t": ("skrub.TextEncoder", "no importer knows its class")},
    ),
    "a pipeline of imblearn": Common(
        lambda: ImblearnPipeline(
            [("scale", StandardScaler()), ("smote", SMOTE()), ("model", LogisticRegression())]
        ).fit(NUMBERS, Y),
        {
            "pipeline": ("imblearn.pipeline.Pipeline", "if not hasattr(s, 'fit_resample')]"),
            "pipeline.smote": ("imblearn.over_sampling.SMOTE", "leave it out"),
        },
        NUMBERS,
    ),
    "an encoder of category_encoders": Common(
        _fitted(
            _columns(("c", make_pipeline(TargetEncoder(), OneHotEncoder()), ["color"])), LogisticRegression(), x=FRAME
        ),
        {
            "pipeline.columntransformer.c.targetencoder": (
                "category_encoders.target_encoder.TargetEncoder",
                "use sklearn.preprocessing.TargetEncoder",
            )
        },
    ),
    "a class of one's own first": Common(
        _fitted(Custom(), StandardScaler(), LogisticRegression(), x=NUMBERS),
        {"pipeline.custom": ("acme.features.Custom", "serve pipeline[1:] alone")},
        NUMBERS,
    ),
    "a class of one's own twice": Common(
        _fitted(Custom(), StandardScaler(), Custom(), LogisticRegression(), x=NUMBERS),
        {
            "pipeline.custom-1": ("acme.features.Custom", "serve pipeline[1:] alone"),
            "pipeline.custom-2": ("acme.features.Custom", "serve pipeline[3:] alone"),
        },
        NUMBERS,
    ),
    "a classifier of one's own": Common(
        _fitted(StandardScaler(), Always(), x=NUMBERS),
        {"pipeline.always": ("acme.models.Always", "use another estimator")},
        NUMBERS,
    ),
    "a subclass of a forest": Common(
        _fitted(StandardScaler(), Forest(5), x=NUMBERS),
        {"pipeline.forest": ("acme.models.Forest", "redefines 'predict', which may change the answers")},
        NUMBERS,
    ),
    "a tokenizer of one's own before counts that are weighted": Common(
        _fitted(
            CountVectorizer(tokenizer=split, token_pattern=None),
            TfidfTransformer(sublinear_tf=True),
            LogisticRegression(),
            x=TEXTS,
        ),
        {"pipeline.countvectorizer": ("sklearn.feature_extraction.text.CountVectorizer", "use token_pattern")},
        TEXTS,
    ),
    "two options of different vectorizers": Common(
        _fitted(
            make_union(
                TfidfVectorizer(preprocessor=str.upper, lowercase=False),
                HashingVectorizer(analyzer=split, n_features=64),
            ),
            LogisticRegression(),
            x=TEXTS,
        ),
        {
            "pipeline.featureunion.tfidfvectorizer": (
                "sklearn.feature_extraction.text.TfidfVectorizer",
                "preprocessor=builtins.str.upper",
            ),
            "pipeline.featureunion.hashingvectorizer": (
                "sklearn.feature_extraction.text.HashingVectorizer",
                "analyzer=tests.importers.foreign.split",
            ),
        },
        TEXTS,
    ),
    "texts passed through beside numbers": Common(
        lambda: _columns(("n", StandardScaler(), ["age"]), ("c", "passthrough", ["color"])).fit(FRAME),
        {"columntransformer": ("sklearn.compose.ColumnTransformer", "'c' returns texts")},
        needs_sample=True,
    ),
    "an own function before all": Common(
        _fitted(FunctionTransformer(ratio), StandardScaler(), LogisticRegression(), x=NUMBERS),
        {"pipeline.functiontransformer": (FT, "func=tests.importers.foreign.ratio")},
        NUMBERS,
    ),
    "a lambda among columns": Common(
        _fitted(
            _columns(("l", FunctionTransformer(lambda x: x * 2), ["age"]), ("s", StandardScaler(), ["price"])),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.l": (FT, "<lambda>")},
    ),
    "factors that depend on all rows": Common(
        _fitted(CountVectorizer(), NMF(2, max_iter=500), LogisticRegression(), x=TEXTS),
        {"pipeline.nmf": ("sklearn.decomposition.NMF", "use TruncatedSVD")},
        TEXTS,
    ),
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
        _fitted(Custom(), cluster.AgglomerativeClustering(), x=NUMBERS),
        {
            "pipeline.custom": ("acme.features.Custom", "serve pipeline[1:] alone"),
            "pipeline.agglomerativeclustering": ("sklearn.cluster.AgglomerativeClustering", "such as KMeans"),
        },
        NUMBERS,
    ),
    "a distance of one's own": Common(
        _fitted(
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
        _fitted(CountVectorizer(), PolynomialFeatures(2), LogisticRegression(), x=TEXTS),
        {"pipeline.polynomialfeatures": ("sklearn.preprocessing.PolynomialFeatures", "sparse matrix")},
        TEXTS,
    ),
    "columns chosen by type, an own one among them": Common(
        _fitted(
            _columns(
                ("n", make_pipeline(Custom(), StandardScaler()), make_column_selector(dtype_include="number")),
                ("c", OneHotEncoder(), ["color"]),
            ),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.n.custom": ("acme.features.Custom", "no importer knows its class")},
    ),
    "a target transformed by one's own function": Common(
        lambda: TransformedTargetRegressor(Ridge(), func=lambda y: y * 2, inverse_func=lambda y: y / 2).fit(
            NUMBERS, FRAME["price"]
        ),
        {"transformedtargetregressor": ("sklearn.compose.TransformedTargetRegressor", "inverse_func=")},
        NUMBERS,
    ),
    "a union of texts with a refused part and numbers behind": Common(
        _fitted(FeatureUnion([("own", TextEncoder()), ("tfidf", TfidfVectorizer())]), NMF(2, max_iter=500), x=TEXTS),
        {
            "pipeline.featureunion.own": ("skrub.TextEncoder", "no importer knows its class"),
            "pipeline.nmf": ("sklearn.decomposition.NMF", "use TruncatedSVD"),
        },
        TEXTS,
    ),
}
