"""Selectors of columns, votes and stacks of mlxtend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from mlxtend.classifier import EnsembleVoteClassifier, StackingClassifier, StackingCVClassifier
from mlxtend.feature_selection import ColumnSelector, ExhaustiveFeatureSelector, SequentialFeatureSelector
from mlxtend.preprocessing import CopyTransformer, DenseTransformer
from mlxtend.regressor import StackingCVRegressor, StackingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(29)
X = _random.normal(size=(80, 4))
TABLE = pd.DataFrame(X, columns=["a", "b", "c", "d"])
Y = X[:, 0] - 2.0 * X[:, 1] * X[:, 2] + 0.3 * _random.normal(size=80)
CLASSES = np.digitize(Y, [-0.7, 0.7])
NAMES = np.array(["cold", "mild", "warm"])[CLASSES]
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
LOGISTIC = LogisticRegression()
CLASSIFIERS = [LOGISTIC, TREE, DecisionTreeClassifier(max_depth=1, random_state=0)]
REGRESSORS = [LinearRegression(), DecisionTreeRegressor(max_depth=3, random_state=0)]
STATELESS = (ColumnSelector, CopyTransformer, DenseTransformer)

SEARCH: dict[str, Any] = dict.fromkeys(
    ("scoring", "cv", "pre_dispatch", "clone_estimator", "fixed_features", "feature_groups"), FIT_ONLY
) | {"estimator": HARMLESS}
STACK: dict[str, Any] = dict.fromkeys(
    (
        *("use_clones", "fit_base_estimators", "store_train_meta_features", "cv", "shuffle", "stratify"),
        *("pre_dispatch", "refit", "multi_output"),
    ),
    FIT_ONLY,
)
PROBABILITIES: dict[str, Any] = STACK | {
    "classifiers": [CLASSIFIERS[:2]],
    "meta_classifier": [TREE],
    "use_probas": [True],
    "drop_proba_col": [("first", {"use_probas": True}), ("last", {"use_probas": True})],
    "use_features_in_secondary": [True],
}
STACKED: dict[str, Any] = STACK | {
    "regressors": [REGRESSORS[:1]],
    "meta_regressor": [DecisionTreeRegressor(max_depth=3, random_state=0)],
    "use_features_in_secondary": [True],
}

EXAMPLES = [
    Example(
        ColumnSelector,
        fitting(ColumnSelector, X, cols=[2, 0]),
        {"cols": [[1], None], "drop_axis": [(True, {"cols": [1]})]},
        exact=True,
    ),
    Example(ColumnSelector, fitting(ColumnSelector, TABLE, cols=("d", "b")), exact=True),
    Example(DenseTransformer, fitting(DenseTransformer, X), {"return_copy": HARMLESS}, exact=True),
    Example(CopyTransformer, fitting(CopyTransformer, X), exact=True),
    Example(
        SequentialFeatureSelector,
        fitting(SequentialFeatureSelector, X, Y, estimator=LinearRegression(), k_features=2, cv=2),
        SEARCH | {"k_features": [3], "forward": FIT_ONLY, "floating": FIT_ONLY},
        exact=True,
    ),
    Example(
        SequentialFeatureSelector,
        fitting(SequentialFeatureSelector, TABLE, Y, estimator=LinearRegression(), k_features=2, cv=2),
    ),
    Example(
        ExhaustiveFeatureSelector,
        fitting(
            ExhaustiveFeatureSelector,
            X,
            CLASSES,
            estimator=LOGISTIC,
            min_features=2,
            max_features=2,
            cv=2,
            print_progress=False,
        ),
        SEARCH | {"min_features": FIT_ONLY, "max_features": [3], "print_progress": FIT_ONLY},
        exact=True,
    ),
    Example(
        EnsembleVoteClassifier,
        fitting(EnsembleVoteClassifier, X, NAMES, clfs=CLASSIFIERS),
        {
            "clfs": [CLASSIFIERS[1:]],
            "voting": ["soft"],
            "weights": [[1, 2, 4], ([0.3, 0.3, 0.7], {"voting": "soft"})],
            "use_clones": FIT_ONLY,
            "fit_base_estimators": HARMLESS,
        },
    ),
    Example(
        StackingClassifier,
        fitting(StackingClassifier, X, CLASSES, classifiers=CLASSIFIERS, meta_classifier=LOGISTIC),
        PROBABILITIES | {"average_probas": [(True, {"use_probas": True})]},
    ),
    Example(
        StackingCVClassifier,
        fitting(
            StackingCVClassifier, X, CLASSES, classifiers=CLASSIFIERS, meta_classifier=LOGISTIC, cv=2, random_state=0
        ),
        PROBABILITIES,
    ),
    Example(
        StackingRegressor,
        fitting(StackingRegressor, X, Y, regressors=REGRESSORS, meta_regressor=Ridge()),
        STACKED,
    ),
    Example(
        StackingCVRegressor,
        fitting(StackingCVRegressor, X, Y, regressors=REGRESSORS, meta_regressor=Ridge(), cv=2, random_state=0),
        STACKED,
    ),
]
