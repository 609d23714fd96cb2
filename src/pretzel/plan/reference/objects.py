"""References of the operators on columns of Python objects."""

from __future__ import annotations

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.values import is_none


@reference(ops.ImputeObjects)
def impute_objects(node: ops.ImputeObjects, x: np.ndarray) -> np.ndarray:
    """Return x with missing values filled; a NaN that is not missing is rejected, None is not."""
    absent, nan = is_none(x), np.isnan(x) & ~is_none(x)
    if node.refuses and nan.any():
        row, *column = np.argwhere(nan)[0].tolist()
        raise InputError(f"row {row}, column {[*column, 0][0]}: Input X contains NaN")
    missing = absent if node.missing_none else x == node.missing if node.refuses else nan
    filled: np.ndarray = np.where(missing, node.fill.array, x)
    return filled
