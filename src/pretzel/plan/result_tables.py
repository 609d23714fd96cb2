"""Methods that return a table of columns of several types: one output per column, ``transform[0]`` and so on.

``result_tables`` in a definition's metadata has, by method, the names of the columns and their types in pandas: the
name of a type, a dictionary of categories, or None for numbers of the output's own type.  Dates and time spans are sent
as ticks, nullable numbers as floats.  ``series`` marks a method that returns one column without a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pretzel.plan.multioutput import method_of, part_name

KEY = "result_tables"


@dataclass(frozen=True)
class ResultTable:
    """The columns of a method's result."""

    names: tuple[Any, ...]
    types: tuple[Any, ...]
    """By column; None for numbers of the output's own type."""
    series: bool = False
    """True if the result is one column without a table."""

    def as_map(self) -> dict[str, Any]:
        """Return this as metadata."""
        return {"names": list(self.names), "types": list(self.types), "series": self.series}


def result_table(method: str, metadata: Mapping[str, Any]) -> ResultTable | None:
    """Return the columns of a method's result, if it is such a table."""
    found = (metadata.get(KEY) or {}).get(method)
    return None if found is None else ResultTable(tuple(found["names"]), tuple(found["types"]), bool(found["series"]))


def method_table(output: str, metadata: Mapping[str, Any]) -> tuple[str, ResultTable, int] | None:
    """Return the method, the table and the position in it of an output that is a column of a table."""
    method = method_of(output)
    table = result_table(method, metadata) if method != output else None
    return None if table is None else (method, table, int(output[len(method) + 1 : -1]))


def without_others(metadata: Mapping[str, Any], outputs: Iterable[str]) -> dict[str, Any]:
    """Return the metadata without tables of steps that are not the end of the model."""
    parts = set(outputs)
    kept = {method: about for method, about in (metadata.get(KEY) or {}).items() if part_name(method, 0) in parts}
    rest = {key: value for key, value in metadata.items() if key != KEY}
    return {**rest, KEY: kept} if kept else rest
