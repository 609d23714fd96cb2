"""Conversion of the columns of a table that are read one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.adapters.convert import column_of
from pretzel.adapters.objects import Form, as_frame, reject_na, reject_none
from pretzel.adapters.tables import array_of, texts_of
from pretzel.plan.model import InputDescription
from pretzel.plan.types import ValueType


def as_objects(column: Any, kind: ValueType, form: Form) -> Any:
    """Return a column that the model reads as objects; a list is converted as by pandas."""
    reject_na(column, form, is_text=kind.is_text)
    framed = as_frame(column, form) if isinstance(column, (list, tuple)) else column
    reject_none(framed, form)
    return framed


def native(column: Any, kind: ValueType) -> Any:
    """Return a column of a table as texts or as an array of numbers of its own type."""
    return texts_of(column) if kind.is_text else np.asarray(array_of(column, number=True))


def typed_as(item: InputDescription, values: Any, form: Form | None) -> Any:
    """Return a column in the type that the model reads."""
    if item.type.is_text:
        return values
    if values.dtype.kind in "biuf" and values.dtype.char not in "eg":  # float16, long double
        return values.astype(item.type.numpy, copy=False)
    return column_of(item.name, values, item.type, form)
