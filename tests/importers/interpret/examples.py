"""Explainable boosting machines over numbers and categories, some of them missing or never seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example

_random = np.random.default_rng(0)
ROWS = 120
TABLE = pd.DataFrame(
    {
        "a": _random.normal(size=ROWS),
        "b": _random.normal(size=ROWS),
        "kind": _random.choice(["x", "y", "z"], ROWS),
        "flag": _random.choice([0.0, 1.0], ROWS),
        "grade": _random.choice([1, 2, 3], ROWS),
    }
)
HOLES = TABLE.mask(_random.random(TABLE.shape) < 0.1)
Y = TABLE["a"] * 2.0 + (TABLE["kind"] == "x") * TABLE["b"] + TABLE["flag"]
COUNTS = np.exp(TABLE["a"])
NAMES = np.where(Y > 1.0, "high", "low")
KINDS = np.digitize(Y, [-1.0, 1.0]) * 10
ROWS_GIVEN = HOLES.copy()
ROWS_GIVEN.loc[3, ["kind", "flag"]] = ["new", 7.0]
ROWS_GIVEN.loc[4, "a"] = 99.0
FEW: dict[str, Any] = {"max_rounds": 15, "outer_bags": 1, "n_jobs": 1, "interactions": 2, "random_state": 0}


def _example(kind: type, target: Any, options: dict[str, Any], table: Any = HOLES, rows: Any = ROWS_GIVEN) -> Example:
    def make(**given: Any) -> tuple[Any, Any]:
        return kind(**{**FEW, **given}).fit(table, target), rows

    return Example(kind, make, options, batches=(1, 7, ROWS))


GROWING: dict[str, Any] = dict.fromkeys(
    (
        *("feature_names", "exclude", "validation_size", "outer_bags", "inner_bags", "greedy_ratio", "cyclic_progress"),
        *("smoothing_rounds", "interaction_smoothing_rounds", "early_stopping_rounds", "early_stopping_tolerance"),
        *("callback", "min_samples_leaf", "min_hessian", "reg_alpha", "reg_lambda", "max_delta_step", "gain_scale"),
        *("min_cat_samples", "cat_smooth", "max_leaves", "monotone_constraints", "max_rounds", "missing"),
    ),
    FIT_ONLY,
)
OPTIONS: dict[str, Any] = GROWING | {
    "feature_types": [["continuous", "continuous", "nominal", "nominal", "nominal"]],
    "max_bins": [4],
    "max_interaction_bins": [3],
    "interactions": [0, [(0, 1, 3)]],
    "learning_rate": [0.3],
}
ARRAY = TABLE[["a", "b", "flag"]].to_numpy()

EXAMPLES = [
    _example(ExplainableBoostingClassifier, NAMES, OPTIONS | {"objective": HARMLESS}),
    _example(ExplainableBoostingClassifier, KINDS, {}),
    _example(ExplainableBoostingClassifier, NAMES, {}, ARRAY, ARRAY),
    _example(ExplainableBoostingRegressor, COUNTS, OPTIONS | {"objective": ["poisson_deviance", "gamma_deviance"]}),
]
