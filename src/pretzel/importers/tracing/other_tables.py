"""Functions that read more of a table than the columns of the model: further columns, and the index.

``df.sum(axis=1)`` adds further columns up, and ``df.to_numpy()`` passes them on; ``df[["a", "b"]]`` does not see them.
``pd.concat([df["a"], pd.Series(array)], axis=1)`` aligns rows by the index, and the series has the numbers from 0.  A
function is called with such tables, on random rows.
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


def rules_of(function: Callable[..., Any], given: Given, result: Result) -> frozenset[str]:
    """Return the keys of metadata by which clients reject tables for which a function answers otherwise."""
    if given.names is None:
        return frozenset()
    drawn = random_rows(function, given, result)
    rows = rows_at(drawn, range(min(ROWS, len(drawn))))
    rules = {"others": not given.vector and _reads_further(function, given, rows)}
    rules["index"] = _reads_index(function, given, rows)
    return frozenset(key for key, holds in rules.items() if holds)


def _reads_further(function: Callable[..., Any], given: Given, rows: Rows) -> bool:
    return any(answers_otherwise(function, table, rows) for table in _wider(given, rows))


def _reads_index(function: Callable[..., Any], given: Given, rows: Rows) -> bool:
    """Return whether a function returns other values, or more rows, if the index is not 0, 1, 2, ..."""
    for index in (np.arange(len(rows))[::-1], np.arange(len(rows)) + 1, [f"row {i}" for i in range(len(rows))]):
        table = table_of(given, rows.columns)
        table.index = index
        if answers_otherwise(function, table.iloc[:, 0] if given.vector else table, rows):
            return True
    return False


def _wider(given: Given, rows: Rows) -> Iterator[Any]:
    """Yield the rows with further columns of numbers in front, of numbers at the end, and of texts at the end."""
    names = [str(name) for name in given.names or ()]
    like = [beside for name in names[:NAMED_LIKE] for beside in (f"{name}_2", f"other_{name}")]
    further = [name for name in ("another", *like) if name not in names]
    numbers = np.arange(1.0, len(rows) + 1)
    for place, values in ((0, numbers), (len(names), numbers), (len(names), numbers.astype(str).astype(object))):
        table = table_of(given, rows.columns)
        for name in further:
            table.insert(place, name, values)
        yield table
