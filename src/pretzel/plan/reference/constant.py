"""Reference of the constant."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference


@reference(ops.Constant)
def constant(node: ops.Constant, x: Any) -> Any:
    """Repeat the constant for each row of x."""
    return np.repeat(node.row.array, len(x), axis=0)
