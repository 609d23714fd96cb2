"""Rows of a column, in every form that a plan's value has."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.plan.values import Csr


def take(value: Any, rows: np.ndarray) -> Any:
    """Return some rows of a value."""
    if isinstance(value, list):
        return [value[i] for i in rows]
    if isinstance(value, Csr):
        spans = [slice(value.starts[i], value.starts[i + 1]) for i in rows]
        starts = np.cumsum([0, *(s.stop - s.start for s in spans)]).astype(np.int64)
        empty = [slice(0, 0)]
        data = np.concatenate([value.data[s] for s in spans or empty])
        return Csr(data, np.concatenate([value.indices[s] for s in spans or empty]), starts, value.width)
    return value[rows]
