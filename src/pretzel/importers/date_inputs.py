"""Inputs of dates and time spans during import: read as ticks, with their type in the metadata."""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.importers.inputs import Inputs, Open, UnreadableError
from pretzel.plan import ops
from pretzel.plan.dates import is_form
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.types import dense


def form_of(part: Node | Open) -> str | None:
    """Return the type of a column of dates or time spans; None for other columns, and without a sample."""
    form = part.inputs.dates.get(part.name) if isinstance(part, Open) and part.width is None else None
    return form if form is not None and is_form(form) else None


def ticks_of(part: Open, form: str | None = None) -> Node:
    """Return the ticks of a column of dates or spans; ``form`` is their type without a sample.

    Raises:
        UnreadableError: the column is not known to hold dates, or another step reads it as other values.
    """
    inputs, name = part.inputs, part.name
    form = form_of(part) or form
    if form is None or not is_form(form) or part.width is not None or _is_read_otherwise(inputs, name):
        remedy = "give a DataFrame as a sample, whose types decide it, such as datetime64[us]"
        raise UnreadableError(f"column {name!r} is read as dates, and is not known to hold only such; {remedy}")
    inputs.dates = {**inputs.dates, name: form}
    inputs.types[name] = dense("i64")
    node = ops.Input(name, "i64")
    inputs.used[name] = node
    inputs.reads[name] += 1
    inputs.metadata["dates"] = {**inputs.metadata.get("dates", {}), name: form}
    return node


def note_units(roots: Sequence[Node], inputs: Inputs) -> None:
    """Record the inputs of dates whose ticks a function reads as integers, which depend on the unit of the column."""
    nodes = topological(roots)
    read = topological(
        [node for node in nodes if isinstance(node, ops.DateScale) and node.multiply == node.divide == 1]
    )
    names = {node.column for node in read if isinstance(node, ops.Input) and node.column in inputs.dates}
    if names := names | {*inputs.metadata.get("dates_in_unit", ())}:
        inputs.metadata["dates_in_unit"] = sorted(names)


def _is_read_otherwise(inputs: Inputs, name: str) -> bool:
    return name in inputs.used and name not in inputs.dates
