"""Categories that are dates: the keys of a look-up by ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.date_inputs import form_of, ticks_of
from pretzel.importers.inputs import Open
from pretzel.plan import ops
from pretzel.plan.dates import NAT, DateForm
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import UNITS
from pretzel.plan.parameter import Parameter


def date_keys(categories: np.ndarray, order: Sequence[int], column: Columns) -> tuple[Node, Parameter] | None:
    """Return the ticks of a column of a table and those of its categories; None for other categories or columns.

    Categories with NaT are among the others: scikit-learn orders them, and finds none of them again.
    """
    part = column.parts[0]
    zoned = categories.dtype == object and len(categories) > 0 and all(isinstance(key, datetime) for key in categories)
    if not isinstance(part, Open) or part.width is not None or not (categories.dtype.kind in "mM" or zoned):
        return None
    form = form_of(part) or (None if zoned else _form(categories.dtype))
    if form is None or np.isnat(_instants(categories)).any():
        return None
    x, keys = _alike(ticks_of(part, form), DateForm.parse(form), _instants(categories)[list(order)])
    return (x, Parameter.of(keys)) if (keys != NAT).all() else None


def _form(dtype: np.dtype) -> str | None:
    unit, count = np.datetime_data(dtype)
    return str(DateForm(dtype.kind == "m", unit)) if unit in UNITS and count == 1 else None


def _instants(categories: np.ndarray) -> np.ndarray:
    """Return dates as an array of NumPy, in UTC."""
    if categories.dtype != object:
        return categories
    return np.array([getattr(key, "to_datetime64", lambda: np.datetime64("NaT"))() for key in categories])


def _alike(x: Node, form: DateForm, keys: np.ndarray) -> tuple[Node, np.ndarray]:
    """Return ticks and keys in one unit, the finer one."""
    unit = np.datetime_data(keys.dtype)[0]
    per_second = math.lcm(UNITS[unit], form.per_second)
    factor = per_second // form.per_second
    ticks = x if factor == 1 else ops.DateScale(x, factor, 1)
    return ticks, keys.view(np.int64) * (per_second // UNITS[unit])
