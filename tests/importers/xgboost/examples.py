"""Examples of XGBoost's estimators, with a case for every option of ``XGBModel``, from which all derive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xgboost

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

RANDOM = np.random.default_rng(12)
X = np.column_stack([RANDOM.normal(size=(120, 3)), RANDOM.integers(0, 6, 120), RANDOM.integers(0, 2, 120)])
X[::7, 0] = np.nan
X[::3, 1] = 0.0
Y = np.nan_to_num(X[:, 0]) + 2 * X[:, 1] + (X[:, 3] % 3 == 0) + RANDOM.normal(size=120) / 4
CLASSES = np.digitize(Y, [-0.5, 1.0])
YES = (Y > 0.8).astype(int)
COUNTS = np.exp(Y / 3)
FEW = {"n_estimators": 4, "max_depth": 3, "n_jobs": 1, "random_state": 0}
KINDS = {"feature_types": ["q", "q", "q", "c", "c"], "enable_categorical": True}
SAMPLED = {"subsample": 0.5}


def custom(y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Half of the squared error, for two classes or a number."""
    return scores - y, np.full(len(y), 2.0)


def stopped(kind: type, y: np.ndarray) -> Callable[..., tuple[Any, Any]]:
    """Return a function that fits; for early stopping, half of the data is the evaluation set."""

    def make(**options: Any) -> tuple[Any, Any]:
        estimator = kind(**{**FEW, **options})
        watched = [(X[60:], y[60:])] if options.get("early_stopping_rounds") else None
        half = slice(0, 60) if watched or options.get("n_estimators") == 40 else slice(None)
        return estimator.fit(X[half], y[half], eval_set=watched, verbose=False), X

    return make


COMMON: dict[str, Any] = {
    "base_score": [0.1],
    "booster": [("dart", {"rate_drop": 0.9, "n_estimators": 9}), ("gblinear", {"max_depth": None})],
    "callbacks": HARMLESS,
    "colsample_bylevel": [0.4],
    "colsample_bynode": [0.4],
    "colsample_bytree": [0.4],
    "device": HARMLESS,
    "early_stopping_rounds": [(1, {"n_estimators": 40})],
    "enable_categorical": HARMLESS,  # for arrays; tables are tested separately
    "eval_metric": HARMLESS,
    "feature_types": [(KINDS["feature_types"], {"enable_categorical": True})],
    "feature_weights": [([9.0, 0.0, 0.0, 1.0, 1.0], {"colsample_bytree": 0.4})],
    "gamma": [20.0],
    "grow_policy": [("lossguide", {"max_leaves": 6, "max_depth": 0})],
    "importance_type": HARMLESS,
    "interaction_constraints": ["[[0], [1], [2]]"],
    "learning_rate": [0.9],
    "max_bin": [3],
    "max_cat_threshold": [(1, {**KINDS, "max_cat_to_onehot": 1})],
    "max_cat_to_onehot": [(9, KINDS)],
    "max_delta_step": [0.01],
    "max_depth": [1],
    "max_leaves": [3],
    "min_child_weight": [40.0],
    "missing": [0.0, 3.0],
    "monotone_constraints": [(-1, -1, 0, 0, 0)],
    "multi_strategy": HARMLESS,
    "n_estimators": [2],
    "num_parallel_tree": [(2, SAMPLED)],
    "random_state": [(3, SAMPLED)],
    "reg_alpha": [9.0],
    "reg_lambda": [20.0],
    "sampling_method": HARMLESS,
    "scale_pos_weight": HARMLESS,
    "subsample": [0.5],
    "tree_method": [("exact", {"max_bin": 3})],
    "validate_parameters": HARMLESS,
    "verbosity": HARMLESS,
}
REGRESSIONS: list[Any] = [
    "count:poisson",
    "reg:absoluteerror",
    "reg:gamma",
    "reg:pseudohubererror",
    "reg:squaredlogerror",
    "reg:tweedie",
    "survival:cox",
    ("reg:quantileerror", {"quantile_alpha": [0.2, 0.8]}),
]
FORESTS = {"n_estimators": 4, "max_depth": 3, "n_jobs": 1, "random_state": 0}
OF_FORESTS = COMMON | {
    "booster": HARMLESS,
    "early_stopping_rounds": FIT_ONLY,
    "learning_rate": HARMLESS,
    "num_parallel_tree": HARMLESS,
    "random_state": [3],
    "tree_method": [("exact", {"max_bin": 3, "colsample_bynode": 1.0})],
}
"""Options of random forests, which have one round of parallel trees."""


def ranked(**options: Any) -> tuple[Any, Any]:
    """Return a ranker fitted on two queries."""
    qid = np.repeat([0, 1], 60)
    return xgboost.XGBRanker(**{**FEW, **options}).fit(X, YES, qid=qid), X


EXAMPLES = [
    Example(
        xgboost.XGBRegressor,
        stopped(xgboost.XGBRegressor, COUNTS),
        COMMON | {"objective": [*REGRESSIONS, custom]},
    ),
    Example(
        xgboost.XGBRegressor,
        fitting(xgboost.XGBRegressor, X, np.column_stack([Y, COUNTS]), multi_strategy="multi_output_tree", **FEW),
    ),
    Example(
        xgboost.XGBClassifier,
        stopped(xgboost.XGBClassifier, YES),
        COMMON | {"objective": ["binary:hinge", "binary:logitraw", custom], "scale_pos_weight": [9.0]},
    ),
    Example(xgboost.XGBClassifier, fitting(xgboost.XGBClassifier, X, CLASSES, **FEW)),
    Example(xgboost.XGBClassifier, fitting(xgboost.XGBClassifier, X, CLASSES, objective="multi:softmax", **FEW)),
    Example(xgboost.XGBClassifier, fitting(xgboost.XGBClassifier, X, np.column_stack([YES, 1 - YES, Y > 0]), **FEW)),
    Example(
        xgboost.XGBRanker,
        ranked,
        COMMON
        | {
            "base_score": [0.4],
            "booster": HARMLESS,
            "early_stopping_rounds": FIT_ONLY,
            "gamma": [2.0],
            "grow_policy": HARMLESS,
            "objective": ["rank:pairwise", "rank:map"],
        },
    ),
    Example(
        xgboost.XGBRFClassifier,
        fitting(xgboost.XGBRFClassifier, X, YES, **FORESTS),
        OF_FORESTS | {"objective": ["binary:logitraw"], "scale_pos_weight": [9.0]},
    ),
    Example(
        xgboost.XGBRFRegressor,
        fitting(xgboost.XGBRFRegressor, X, COUNTS, **FORESTS),
        OF_FORESTS | {"objective": ["count:poisson"]},
    ),
    Example(
        xgboost.XGBModel,
        stopped(xgboost.XGBModel, COUNTS),
        COMMON | {"objective": ["count:poisson"]},
    ),
]
