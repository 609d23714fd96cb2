"""Searches and thresholds, around a small classifier."""

import numpy as np
from sklearn import model_selection as search
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection._search_successive_halving import HalvingGridSearchCV, HalvingRandomSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(13)
X = _random.normal(size=(80, 3))
Y = np.where(X[:, 0] + _random.normal(size=80) > 0.4, "yes", "no")
NUMBERS = (Y == "yes").astype(int)
MODEL = LogisticRegression()
OTHER = [LogisticRegression(fit_intercept=False)]
GRID = {"C": [0.1, 10.0]}
SEARCHING = dict.fromkeys(
    (
        "aggressive_elimination",
        "cv",
        "error_score",
        "factor",
        "max_resources",
        "min_resources",
        "n_candidates",
        "n_iter",
        "param_distributions",
        "param_grid",
        "pre_dispatch",
        "resource",
        "return_train_score",
        "scoring",
    ),
    FIT_ONLY,
)
SEARCHED = SEARCHING | {"estimator": OTHER, "refit": [False]}
THRESHOLDED = SEARCHING | {
    "estimator": OTHER,
    "response_method": [("decision_function", {"thresholds": 4})],
    "refit": FIT_ONLY,
    "store_cv_results": FIT_ONLY,
    "thresholds": FIT_ONLY,
}

EXAMPLES = [
    Example(search.GridSearchCV, fitting(search.GridSearchCV, X, Y, estimator=MODEL, param_grid=GRID, cv=2), SEARCHED),
    Example(
        search.GridSearchCV,
        fitting(
            search.GridSearchCV,
            X,
            estimator=make_pipeline(StandardScaler()),
            param_grid={"standardscaler__with_mean": [True, False]},
            cv=2,
            scoring=lambda fitted, x: x.sum(),
        ),
    ),
    Example(
        search.RandomizedSearchCV,
        fitting(search.RandomizedSearchCV, X, Y, estimator=MODEL, param_distributions=GRID, cv=2, n_iter=2),
        SEARCHED,
    ),
    Example(
        HalvingGridSearchCV,
        fitting(HalvingGridSearchCV, X, Y, estimator=MODEL, param_grid=GRID, cv=2, random_state=0),
        SEARCHED,
    ),
    Example(
        HalvingRandomSearchCV,
        fitting(HalvingRandomSearchCV, X, Y, estimator=MODEL, param_distributions=GRID, cv=2, random_state=0),
        SEARCHED,
    ),
    Example(
        search.FixedThresholdClassifier,
        fitting(search.FixedThresholdClassifier, X, Y, estimator=MODEL),
        THRESHOLDED
        | {
            "threshold": [0.3, 0.7],
            "pos_label": [("no", {"threshold": 0.3})],
            "response_method": [("decision_function", {"threshold": 0.3})],
        },
    ),
    Example(
        search.FixedThresholdClassifier,
        fitting(search.FixedThresholdClassifier, X, Y, estimator=LinearSVC(), pos_label="no", threshold=0.2),
    ),
    Example(
        search.TunedThresholdClassifierCV,
        fitting(search.TunedThresholdClassifierCV, X, NUMBERS, estimator=MODEL, cv=2, random_state=0),
        THRESHOLDED,
    ),
]
