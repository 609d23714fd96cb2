"""Functions that read every column of a table, and so answer otherwise for a table with further columns.

``df.sum(axis=1)`` adds them up, and ``df.to_numpy()`` passes them on; ``df[["a", "b"]]`` does not see them.  A function is
called with such tables, on random rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pretzel.importers.tracing.forms import answers_otherwise
from pretzel.importers.tracing.random_rows import Rows, random_rows, rows_at, table_of
from pretzel.importers.tracing.trace import Given, Result

ROWS = 20
NAMED_LIKE = 8
"""Columns of the model after which further ones are named: a function may select by the beginning or end of a name."""


def reads_further(function: Callable[..., Any], given: Given, result: Result) -> bool:
    """Return whether a function of a table returns other values if the table has further columns."""
    if given.names is None or given.vector:
        return False
    drawn = random_rows(function, given, result)
    rows = rows_at(drawn, range(min(ROWS, len(drawn))))
    return any(answers_otherwise(function, table, rows) for table in _tables(given, rows))


def _tables(given: Given, rows: Rows) -> Iterator[Any]:
    """Yield the rows with further columns of numbers in front, of numbers at the end, and of texts at the end."""
    names = [str(name) for name in given.names or ()]
    further = ["another", *(f"{name}_2" for name in names[:NAMED_LIKE]), *(f"other_{name}" for name in names[:NAMED_LIKE])]
    further = [name for name in further if name not in names]
    numbers = np.arange(1.0, len(rows) + 1)
    for place, values in ((0, numbers), (len(names), numbers), (len(names), numbers.astype(str).astype(object))):
        table = table_of(given, rows.columns)
        for name in further:
            table.insert(place, name, values)
        yield table
