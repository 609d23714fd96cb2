"""References of the operators that choose texts and reject rows."""

from __future__ import annotations

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import Value, reference


@reference(ops.ChooseText)
def choose_text(node: ops.ChooseText, condition: np.ndarray, a: Value, b: Value) -> Value:
    """One of two texts."""
    return [x if chosen else y for chosen, x, y in zip(condition.tolist(), a, b, strict=True)]


@reference(ops.TextOfCode)
def text_of_code(node: ops.TextOfCode, codes: np.ndarray) -> Value:
    """``table[code]``, NaN beyond it."""
    table = node.table.texts
    return [table[code] if 0 <= code < len(table) else float("nan") for code in codes.tolist()]


@reference(ops.Require)
def require(node: ops.Require, x: Value, condition: np.ndarray) -> Value:
    """X itself."""
    if not condition.all():
        raise InputError(f"row {int(np.argmin(condition))}: {node.reason}")
    return x
