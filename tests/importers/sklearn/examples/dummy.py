"""Dummies, over anything."""

import numpy as np
from sklearn import dummy

from tests.importers.sklearn.examples import HARMLESS, Example, fitting

X = np.array([[1.0, np.nan], [np.inf, 0.0], [2.0, 5.0], [0.0, 1.0]])
CLASSES = np.array([3, 1, 1, 2])
NAMES = np.array(["yes", "no", "yes", "yes"])
Y = np.array([1.0, 2.5, 4.0, 0.0])
MANY = np.column_stack([Y, CLASSES])

EXAMPLES = [
    Example(
        dummy.DummyClassifier,
        fitting(dummy.DummyClassifier, X, CLASSES),
        {
            "strategy": ["most_frequent", "stratified", "uniform", ("constant", {"constant": 2})],
            "random_state": HARMLESS,
            "constant": [(3, {"strategy": "constant"}), ([1], {"strategy": "constant"})],
        },
        exact=True,
    ),
    Example(dummy.DummyClassifier, fitting(dummy.DummyClassifier, X, NAMES, strategy="constant", constant="no")),
    Example(dummy.DummyClassifier, fitting(dummy.DummyClassifier, X, NAMES, strategy="most_frequent")),
    Example(
        dummy.DummyRegressor,
        fitting(dummy.DummyRegressor, X, Y),
        {
            "strategy": ["median", ("quantile", {"quantile": 0.9}), ("constant", {"constant": 7})],
            "constant": [(7.5, {"strategy": "constant"})],
            "quantile": [(0.25, {"strategy": "quantile"})],
        },
        exact=True,
    ),
    Example(dummy.DummyRegressor, fitting(dummy.DummyRegressor, X, MANY), exact=True),
    Example(dummy.DummyRegressor, fitting(dummy.DummyRegressor, X, CLASSES, strategy="constant", constant=2)),
]
