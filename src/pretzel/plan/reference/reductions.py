"""Reference of reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference


@reference(ops.Reduce)
def reduce(node: ops.Reduce, x: np.ndarray) -> Any:
    """Fold the columns into the result from left to right."""
    x = x[:, None] if x.ndim == 1 else x
    columns = node.columns.array
    wide = np.float64 if node.function == "sum" and x.dtype.kind == "f" else x.dtype
    y = np.full((len(x), len(columns)), _start(node.function, x.dtype), wide)
    with np.errstate(all="ignore"):
        for i in range(columns.shape[1]):
            y = _STEPS[node.function](y, x[:, columns[:, i]])
        return y.astype(x.dtype)


def _start(function: str, dtype: np.dtype) -> Any:
    if function == "sum":
        return 0
    if dtype.kind == "f":
        return np.inf if function == "minimum" else -np.inf
    return np.iinfo(dtype).max if function == "minimum" else np.iinfo(dtype).min


_STEPS: dict[str, Callable[[np.ndarray, np.ndarray], Any]] = {
    "sum": lambda y, x: y + x,
    "minimum": lambda y, x: np.where((y != y) | (y < x), y, x),
    "maximum": lambda y, x: np.where((y != y) | (y > x), y, x),
}
