"""Types of columns of a request for which a step returns other values than for plain numbers and texts."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.importers.inputs import Inputs
from pretzel.plan import ops
from pretzel.plan.node import Node


def note_forms(node: Node, forms: Iterable[str], inputs: Inputs) -> None:
    """Record forms of :mod:`pretzel.adapters.column_forms` that clients reject, if the step is given an input itself.

    What an earlier step made is of plain types.
    """
    while isinstance(node, (ops.Cast, ops.Column)) and node.x.type.width in (None, 1):
        node = node.x
    if isinstance(node, ops.Input) and (refused := sorted(forms)):
        known = inputs.metadata.setdefault("rejected_types", {})
        known[node.column] = sorted({*known.get(node.column, ()), *refused})
