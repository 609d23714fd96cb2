"""Patterns without regard to case: Arrow, by which pandas finds some, does not take İ and ı for an i, as Python does.

Whether pandas asks Arrow or Python may depend on the whole batch, so rows with one of both characters are rejected.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.narrower import TURKISH_I
from pretzel.importers.tracing.text_values import present, whole
from pretzel.importers.tracing.values import ROWS, Value, cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

TURKISH = "\u0130\u0131"
LIKE_I = frozenset("iI[" + TURKISH)
"""Characters of patterns that may match an i: sets and ranges too."""


def differs(pattern: Any, *, case: bool, flags: int) -> bool:
    """Return whether Arrow may find a pattern in other texts than Python; flags and compiled patterns are Python's."""
    if flags or not isinstance(pattern, str):
        return False
    folds = not case or re.compile(pattern).flags & re.IGNORECASE
    return bool(folds) and not LIKE_I.isdisjoint(re.sub(r"\(\?[a-z]+", "", pattern))


def certain(x: Node) -> Node:
    """Return a condition that always holds, and rejects rows whose text has one of these characters."""
    counts = [whole(ops.MeasureText(present(x), "count", character)) for character in TURKISH]
    total = cast(operators.applied(np.add, tuple(counts)).node, "f64")
    none = Parameter.of(np.zeros(1))
    checked = ops.RequireWithin(total, none, none, "FunctionTransformer", reason=TURKISH_I)
    return operators.applied(np.equal, (Value(checked, np.zeros(ROWS)), 0.0)).node
