"""Reference of the combination of values."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference

_COMBINATIONS: dict[str, Any] = {
    "product": np.multiply,
    "quotient": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "coalesce": lambda a, b: np.where(np.isnan(a), b, a),
}


@reference(ops.Combine)
def combine(node: ops.Combine, *parts: np.ndarray) -> Any:
    """Fold the parts from left to right."""
    return reduce(_COMBINATIONS[node.function], parts)
