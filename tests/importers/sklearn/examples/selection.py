"""Feature selection, over numbers of which some are more informative."""

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn import feature_selection as selection
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import f_regression
from sklearn.linear_model import Lasso, LogisticRegression

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(12)
X = _random.normal(size=(60, 6)) * [1.0, 2.0, 0.5, 4.0, 0.1, 1.0]
Y = np.digitize(X[:, 1] + X[:, 3] + 0.3 * X[:, 0] + _random.normal(size=60), [-2.0, 2.0])
SCORED = {"score_func": FIT_ONLY}
ESTIMATORS = [RandomForestClassifier(5, random_state=0)]
FITTED = LogisticRegression().fit(X[:, ::-1], Y)
SELECTING = {
    "estimator": ESTIMATORS,
    "n_features_to_select": FIT_ONLY,
    "step": FIT_ONLY,
    "importance_getter": FIT_ONLY,
    "min_features_to_select": FIT_ONLY,
    "cv": FIT_ONLY,
    "scoring": FIT_ONLY,
    "direction": FIT_ONLY,
}


def _of(kind: type, options: Any, **defaults: Any) -> Example:
    return Example(kind, fitting(kind, X, Y, **defaults), options)


EXAMPLES = [
    _of(selection.SelectKBest, SCORED | {"k": [1, "all"]}, k=3),
    Example(selection.SelectKBest, fitting(selection.SelectKBest, csr_matrix(X), Y, k=3)),
    Example(selection.SelectKBest, fitting(selection.SelectKBest, X.astype(np.float32), Y, k=3)),
    _of(selection.SelectPercentile, SCORED | {"percentile": [20, 100]}, percentile=50),
    _of(selection.SelectFpr, SCORED | {"alpha": [1e-10, 0.999]}),
    _of(selection.SelectFdr, SCORED | {"alpha": [1e-10, 0.999]}),
    _of(selection.SelectFwe, SCORED | {"alpha": [1e-10, 0.999]}),
    _of(
        selection.GenericUnivariateSelect,
        {"score_func": HARMLESS, "mode": [("k_best", {"param": 3}), ("fwe", {"param": 0.9})], "param": [100]},
        param=40,
    ),
    Example(
        selection.GenericUnivariateSelect,
        fitting(selection.GenericUnivariateSelect, X, X[:, 0], score_func=f_regression, mode="k_best", param=2),
    ),
    _of(selection.VarianceThreshold, {"threshold": [1.5]}, threshold=0.1),
    _of(
        selection.SelectFromModel,
        {
            "estimator": [RandomForestClassifier(5, random_state=1)],
            "threshold": ["mean", 0.2, -np.inf],
            "prefit": [(True, {"estimator": FITTED})],
            "norm_order": [(np.inf, {"estimator": LogisticRegression(), "threshold": 0.5})],
            "max_features": [1],
            "importance_getter": [lambda fitted: np.arange(6.0)],
        },
        estimator=Lasso(0.05),
    ),
    _of(selection.RFE, SELECTING, estimator=LogisticRegression(), n_features_to_select=2),
    _of(selection.RFECV, SELECTING, estimator=LogisticRegression(), cv=2),
    _of(
        selection.SequentialFeatureSelector,
        SELECTING | {"estimator": [RandomForestClassifier(1, max_depth=1, random_state=3)]},
        estimator=LogisticRegression(),
        n_features_to_select=2,
        cv=2,
    ),
]
