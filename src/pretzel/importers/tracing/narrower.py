"""Rows that operators reject though the function answers them, because no operator has its answer."""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.plan import ops
from pretzel.plan.graph import rewrite, topological
from pretzel.plan.node import Node

BEYOND_INT64 = "an integer leaves int64, and Python's integers do not"
TURKISH_I = "it has an \u0130 or \u0131, which pandas' text type and Python compare otherwise without regard to case"
BEYOND_FLOAT64 = "a text spells an integer from 2^53 on, which float64 may not hold"
CUT_TEXTS = "an array of NumPy cuts it: it has NUL, grows in another case, or is shorter than what is replaced in it"
REASONS = (BEYOND_INT64, TURKISH_I, BEYOND_FLOAT64, CUT_TEXTS)


def answered(parts: Sequence[Node]) -> list[Node]:
    """Return the nodes of a result without the checks that reject such rows."""
    nodes = list(parts)
    while any(map(_rejects, topological(nodes))):
        nodes = rewrite(nodes, lambda node: node.x if isinstance(node, ops.RequireWithin) and _rejects(node) else None)
    return nodes


def _rejects(node: Node) -> bool:
    return isinstance(node, ops.RequireWithin) and node.reason in REASONS
