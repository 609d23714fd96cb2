"""Boosted trees, over a few random numbers and a column of categories."""

import numpy as np
from sklearn import ensemble
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting
from tests.importers.sklearn.examples.trees import CLASSES, GROWING, HOLES, NAMES, X, Y

GRADIENT = GROWING | {
    "criterion": FIT_ONLY,
    "learning_rate": [0.5],
    "max_features": [1],
    "n_iter_no_change": FIT_ONLY,
    "subsample": [0.5],
    "validation_fraction": FIT_ONLY,
}
HISTOGRAM = {
    "class_weight": ["balanced"],
    "early_stopping": FIT_ONLY,
    "interaction_cst": ["no_interactions"],
    "l2_regularization": [20.0],
    "learning_rate": [0.5],
    "max_bins": [4],
    "max_depth": [1],
    "max_features": [0.3],
    "max_iter": [2],
    "max_leaf_nodes": [2],
    "min_samples_leaf": [12],
    "monotonic_cst": [[1, 0, 0, 0, 0]],
    "n_iter_no_change": FIT_ONLY,
    "scoring": FIT_ONLY,
    "validation_fraction": FIT_ONLY,
}
FEW = {"n_estimators": 4, "random_state": 0}
ROUNDS = {"max_iter": 4, "random_state": 0, "min_samples_leaf": 5}
KINDS = np.column_stack([HOLES, np.arange(60) % 5])
COUNTS = np.exp(Y / 3)

EXAMPLES = [
    Example(
        ensemble.GradientBoostingClassifier,
        fitting(ensemble.GradientBoostingClassifier, X, NAMES, **FEW),
        GRADIENT | {"loss": ["exponential"], "init": ["zero", LogisticRegression()]},
    ),
    Example(
        ensemble.GradientBoostingClassifier,
        fitting(ensemble.GradientBoostingClassifier, X, CLASSES, **FEW),
    ),
    Example(
        ensemble.GradientBoostingRegressor,
        fitting(ensemble.GradientBoostingRegressor, X, Y, **FEW),
        GRADIENT
        | {
            "alpha": [(0.5, {"loss": "quantile"})],
            "loss": ["absolute_error", "huber", "quantile"],
            "init": ["zero", LinearRegression()],
        },
    ),
    Example(
        ensemble.HistGradientBoostingClassifier,
        fitting(ensemble.HistGradientBoostingClassifier, KINDS, CLASSES, **ROUNDS),
        HISTOGRAM
        | {"categorical_features": [[4]], "loss": FIT_ONLY, "monotonic_cst": FIT_ONLY},  # for two classes only
    ),
    Example(
        ensemble.HistGradientBoostingClassifier,
        fitting(ensemble.HistGradientBoostingClassifier, KINDS, NAMES, categorical_features=[4], **ROUNDS),
    ),
    Example(
        ensemble.HistGradientBoostingRegressor,
        fitting(ensemble.HistGradientBoostingRegressor, KINDS, COUNTS, **ROUNDS),
        HISTOGRAM
        | {
            "categorical_features": [[4]],
            "loss": ["absolute_error", "poisson", "gamma", ("quantile", {"quantile": 0.8})],
            "quantile": [(0.8, {"loss": "quantile"})],
        },
    ),
]
