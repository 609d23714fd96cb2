"""Decision trees and forests, over a few random numbers, some of them missing."""

import numpy as np
from sklearn import ensemble, tree

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(3)
X = _random.normal(size=(60, 4))
Y = X[:, 0] - 2.0 * X[:, 1] * X[:, 2] + 0.3 * _random.normal(size=60)
MANY = np.column_stack([Y, X[:, 3]])
CLASSES = np.digitize(Y, [-1.0, 1.0]) * 10
NAMES = np.where(Y > 0.5, "warm", "cold")
NEW = 1.2 * X[::-1] + 0.1
"""Rows other than the training rows."""
HOLES = np.where(_random.random(X.shape) < 0.15, np.nan, X)

GROWING = {
    "bootstrap": [False],
    "ccp_alpha": [0.05],
    "class_weight": ["balanced"],
    "max_depth": [2],
    "max_features": [1, "sqrt"],
    "max_leaf_nodes": [4],
    "max_samples": [0.3],
    "min_impurity_decrease": [0.1],
    "min_samples_leaf": [7],
    "min_samples_split": [25],
    "min_weight_fraction_leaf": [0.2],
    "monotonic_cst": [[1, -1, 0, 0]],
    "n_estimators": [2],
    "oob_score": FIT_ONLY,
    "splitter": ["random"],
}
"""Options of growing, each with an effect on the fitted trees."""

MOST = {"max_features": [1, None], "bootstrap": [True], "max_samples": [(0.3, {"bootstrap": True})]}


def _few(kind: type) -> dict[str, int]:
    return {"random_state": 0} | ({"n_estimators": 5} if hasattr(kind(), "n_estimators") else {})


def _classifier(kind: type, **options: object) -> list[Example]:
    options = GROWING | {"criterion": ["entropy"], "class_weight": [{0: 1.0, 10: 5.0, 20: 0.1}]} | options
    few = _few(kind)
    return [
        Example(kind, fitting(kind, X, CLASSES, rows=NEW, **few), options | {"monotonic_cst": FIT_ONLY}),
        Example(kind, fitting(kind, HOLES, NAMES, **few)),
    ]


def _regressor(kind: type, **options: object) -> list[Example]:
    options = GROWING | {"criterion": ["absolute_error"]} | options
    few = _few(kind)
    return [
        Example(kind, fitting(kind, X, Y, rows=NEW, **few), options),
        Example(kind, fitting(kind, X, MANY, rows=NEW, **few)),
        Example(kind, fitting(kind, HOLES, Y, **few)),
    ]


RANDOM_SPLITS = {"splitter": ["best"], "max_features": [1, None]}
EXAMPLES = [
    *_classifier(tree.DecisionTreeClassifier),
    *_classifier(tree.ExtraTreeClassifier, **RANDOM_SPLITS),
    *_classifier(ensemble.RandomForestClassifier, max_features=[1, None]),
    *_classifier(ensemble.ExtraTreesClassifier, **MOST),
    *_regressor(tree.DecisionTreeRegressor),
    *_regressor(tree.ExtraTreeRegressor, splitter=["best"], max_features=[1, "sqrt"]),
    *_regressor(ensemble.RandomForestRegressor),
    *_regressor(ensemble.ExtraTreesRegressor, **MOST | {"max_features": [1, "sqrt"]}),
]
