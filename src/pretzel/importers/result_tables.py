"""Results of transformers at the end of a model: one value, or one output per column of a table of several types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pretzel.importers.columns import Columns
from pretzel.importers.date_inputs import form_of
from pretzel.importers.inputs import Open, UnreadableError
from pretzel.importers.registry import Methods, Step
from pretzel.plan.multioutput import part_name
from pretzel.plan.node import Node
from pretzel.plan.result_tables import KEY, ResultTable

DATES = (
    "it returns dates or spans; return numbers: a field of .dt, or spans divided by a pd.Timedelta; or let the step "
    "run as it is, by python='isolated'"
)


def returned(columns: Columns, step: Step) -> Methods:
    """Return the transform of a user's function or class: a table of texts and numbers by column, else one value.

    Raises:
        UnreadableError: a column holds dates.
    """
    if any(isinstance(part, Open) and form_of(part) for part in columns.parts):
        raise UnreadableError(DATES)
    nodes = columns.settled() if columns.names is not None and columns.types is not None else []
    if len({node.type.is_text for node in nodes}) < 2:
        return {"transform": columns.returned()}
    types = [kind if node.type.is_text else None for node, kind in zip(nodes, columns.types or (), strict=True)]
    return by_column("transform", nodes, ResultTable(tuple(columns.names or ()), tuple(types)), step)


def by_column(method: str, columns: Sequence[Node], table: ResultTable, step: Step) -> Methods:
    """Return an output for each column of a method's table, and record the names and the types of the columns.

    Raises:
        UnreadableError: a column has a name that is neither a text nor an integer, or the name of another.
    """
    names: list[Any] = list(table.names)
    odd = [name for name in names if not (type(name) in (str, int) or (name is None and table.series))]
    if odd:
        raise UnreadableError(f"it returns a column named {odd[0]!r:.60}; name columns by texts")
    if len(set(map(str, names))) < len(names):
        raise UnreadableError("it returns two columns of one name; name each column differently")
    step.inputs.metadata[KEY] = {**step.inputs.metadata.get(KEY, {}), method: table.as_map()}
    return {part_name(method, i): node for i, node in enumerate(columns)}
