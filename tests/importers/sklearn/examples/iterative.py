"""Missing values filled in by estimators of one column from the others."""

from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example

_random = np.random.default_rng(21)
BASE = _random.normal(size=(60, 2))
FULL = np.column_stack([BASE, BASE @ [1.0, -2.0] + 0.1 * _random.normal(size=60), BASE[:, 0] ** 2])
HOLED = np.where(_random.random(FULL.shape) < 0.2, np.nan, FULL)
HOLED[:, 3] = FULL[:, 3]
EMPTY = np.column_stack([HOLED, np.full(60, np.nan)])
ASKED = np.where(_random.random(EMPTY.shape) < 0.3, np.nan, np.column_stack([FULL[::-1], _random.normal(size=60)]))
ASKED[:, 0] = np.where(np.isnan(ASKED[:, :4]).all(axis=1), 1.0, ASKED[:, 0])  # only we reject rows without values


def _made(dtype: Any = np.float64, **options: Any) -> tuple[IterativeImputer, np.ndarray]:
    """Without NaN for the marker, there is none in X."""
    fitted, rows = EMPTY.astype(dtype), ASKED.astype(dtype)
    if "missing_values" in options:
        fitted, rows = np.nan_to_num(fitted, nan=-9.0), np.nan_to_num(rows, nan=-9.0)
    return IterativeImputer(**{"max_iter": 4, "random_state": 0, **options}).fit(fitted), rows


def _of_type(dtype: Any) -> Any:
    return lambda **options: _made(dtype, **options)


OPTIONS: dict[str, Any] = {
    "estimator": [
        LinearRegression(),
        Ridge(),
        DecisionTreeRegressor(max_depth=3, random_state=0),
        ExtraTreesRegressor(3, max_depth=3, random_state=0),
        HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=4),
        KNeighborsRegressor(3),
        make_pipeline(StandardScaler(), Ridge()),
    ],
    "missing_values": [-9.0],
    "sample_posterior": [True],
    "max_iter": [0, 1],
    "n_nearest_features": [2],
    "initial_strategy": ["median", "most_frequent", "constant"],
    "fill_value": [(-7.0, {"initial_strategy": "constant"})],
    "imputation_order": ["roman", "arabic", "descending", "random"],
    "skip_complete": [True],
    "min_value": [-0.5, [0.0, -1.0, -2.0, -3.0, -4.0]],
    "max_value": [0.5, [0.1, 1.0, 2.0, 3.0, 4.0]],
    "add_indicator": [True],
    "keep_empty_features": [True],
    "verbose": HARMLESS,
    "tol": FIT_ONLY,
}

EXAMPLES = [
    Example(IterativeImputer, _made, OPTIONS),
    Example(IterativeImputer, _of_type(np.float32)),
]
