"""null of JSON in columns whose steps distinguish None from NaN.

pandas reads null as NaN next to numbers, and as None in a column without other values or with booleans: the answer to a
row would depend on the rows that are sent with it.  Here null is always the missing value that the model knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_NAN = float("nan")


def known_missing(values: Any, form: Mapping[str, Any] | None) -> Any:
    """Return a column of JSON with null as the missing value of the model.

    Args:
        values: a list of values, or an array, which holds no null of JSON.
        form: how the model reads objects of this column, as :mod:`pretzel.adapters.objects` defines it; None if it
            reads none.

    Returns:
        ``values`` where nothing is to be done; else a list with NaN in place of null, or an array of objects, in
        which None stays, if the model was fitted on None.
    """
    if form is None or not isinstance(values, list) or None not in values:
        return values
    if form.get("missing") != "none":
        return [_NAN if value is None else value for value in values]
    kept = np.empty(len(values), object)
    kept[:] = values
    return kept


def known_missing_rows(rows: list[Any], form: Mapping[str, Any] | None) -> list[Any]:
    """Return rows of an array in the same way, as lists; None stays None if the model was fitted on None."""
    if form is None or form.get("missing") == "none":
        return rows
    return [[_NAN if value is None else value for value in row] if isinstance(row, list) else row for row in rows]
