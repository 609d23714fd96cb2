"""Names of fields of dates, and dates as texts of a fixed format."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.array_functions import elementwise
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.text_values import ObjectText, Text, constant_text
from pretzel.importers.tracing.values import Value, cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)
DIGITS = {
    "Y": ("year", 0), "m": ("month", 2), "d": ("day", 2), "H": ("hour", 2), "M": ("minute", 2), "S": ("second", 2),
    "f": ("microsecond", 6), "j": ("day_of_year", 3),
}  # fmt: skip
"""The field of each directive, and its number of digits."""
NAMES = {
    "A": ("day_of_week", DAYS, 0), "a": ("day_of_week", tuple(day[:3] for day in DAYS), 0),
    "B": ("month", MONTHS, 1), "b": ("month", tuple(month[:3] for month in MONTHS), 1),
}  # fmt: skip
_PIECE = re.compile(r"%(.)|([^%]+)", re.DOTALL)


def _text(node: Node) -> Text:
    """Return such texts in the type that pandas gives them."""
    objects = pd.Series([pd.Timestamp(0)]).dt.day_name().dtype == object
    return ObjectText.of(node) if objects else Text.of(node)


def _codes(field: Value, first: int) -> Node:
    """Return a field as a position, -1 for NaT."""
    position = elementwise(np.subtract, field, float(first))
    return cast(operators.chosen(elementwise(np.isnan, field), -1.0, position).node, "i64")


def named(field: Value, names: Sequence[str], first: int) -> Text:
    """Return the name of each field, missing for NaT."""
    return _text(ops.TextOfCode(_codes(field, first), Parameter.strings(list(names))))


def formatted(form: str, part: Callable[[str], Value]) -> Text:
    """Return dates in a format, missing for NaT; ``part`` returns a field.

    Raises:
        TraceEnd: a directive is not traced.
    """
    if calendar.day_name[0] != DAYS[0]:
        raise TraceEnd(".dt.strftime in this locale is not traced", "export in the locale C")
    found = [_piece(match[1], match[2], part) for match in _PIECE.finditer(form)]
    absent = elementwise(np.isnan, part("year")).node
    whole = ops.ConcatTexts(tuple(found)) if found else constant_text("", absent)
    return _text(ops.ChooseText(absent, constant_text(None, absent), whole))


def _piece(directive: str | None, text: str | None, part: Callable[[str], Value]) -> Node:
    if directive is None or directive == "%":
        return constant_text(text or "%", part("year").node)
    if directive in NAMES:
        field, names, first = NAMES[directive]
        return ops.TextOfCode(_codes(part(field), first), Parameter.strings(list(names)))
    if directive not in DIGITS:
        known = ", ".join(f"%{letter}" for letter in (*DIGITS, *NAMES))
        raise TraceEnd(f"%{directive} of .dt.strftime is not traced", f"use {known}")
    field, width = DIGITS[directive]
    digits = ops.FormatInteger(_codes(part(field), 0))
    return ops.PadText(digits, width, "0", "left") if width else digits
