"""Numbers that texts spell: ``float`` and ``int`` of one text, and ``astype`` of a column of texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.branches import raise_unless
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.narrower import BEYOND_FLOAT64
from pretzel.importers.tracing.text_values import condition, contains, may_miss, missing, whole
from pretzel.importers.tracing.values import ROWS, Value, cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

NO_NUMBER = "a text that spells no number"
NOT_ASCII = r"[^\x00-\x7f]"
LARGEST = 2.0**53 - 1
"""The largest integer that float64 represents, like all smaller ones."""


def number_of(kind: type, x: Node, *, none: bool) -> Value:
    """Return ``float`` or ``int`` of one text: an error for others; NaN is a float, and None is not (``none``)."""
    spells = _spells(kind, x) if none else _spells_or_misses(kind, x)
    raise_unless(spells, ValueError(NO_NUMBER))
    return _integers(x, spells) if kind is int else _floats(x)


def numbers_of(x: Node, dtype: Any) -> Value | None:
    """Return a column of texts as numbers of a type of NumPy, where others are rejected; None for other types.

    Raises:
        TraceEnd: it is a type of smaller or unsigned numbers.
    """
    try:
        kind = np.dtype(dtype)
    except TypeError:
        return None
    if kind.kind not in "biuf":
        return None
    if kind not in (np.float64, np.float32, np.int64):
        raise TraceEnd(f"texts as {kind} are not traced", "convert them to float or int first")
    python = int if kind.kind == "i" else float
    spells = _spells_or_misses(python, x)
    read = _integers(x, spells) if python is int else _floats(x)
    required = ops.Require(read.node, spells, NO_NUMBER)
    return Value(cast(required, "f32"), np.ones(ROWS, kind)) if kind == np.float32 else Value(required, read.example)


def numeric(x: Node, *, coerce: bool) -> Value:
    """Return texts as ``pandas.to_numeric`` reads them: in ASCII, without underscores; NaN for missing and empty ones.

    Other texts are NaN with ``coerce``, else rejected.
    """
    odd = operators.logic("or", contains(x, "_", regex=False), contains(x, NOT_ASCII))
    spells = operators.logic("and", _spells(float, x), operators.negated(odd))
    number = operators.chosen(condition(spells), _floats(x), np.nan)
    if coerce:
        return number
    empty = operators.logic("or", missing(x), ops.TestText(x, "equal", ""))
    named = ops.TestText(ops.ChangeCase(ops.StripText(x, "", "both"), "lower"), "endswith", "nan")
    spells = operators.logic("and", spells, operators.negated(named))
    return Value(ops.Require(number.node, operators.logic("or", empty, spells), NO_NUMBER), number.example)


def _spells(kind: type, x: Node) -> Node:
    return ops.TestText(x, kind.__name__)


def _spells_or_misses(kind: type, x: Node) -> Node:
    """Return whether a text spells a number; a missing one is NaN, which is a float."""
    spells = _spells(kind, x)
    return operators.logic("or", missing(x), spells) if kind is float and may_miss(x) else spells


def _floats(x: Node) -> Value:
    return Value(ops.ParseNumber(x), np.ones(ROWS))


def _integers(x: Node, spells: Node) -> Value:
    """Return the integers that texts spell; 0 for other texts."""
    known = operators.chosen(condition(spells), _floats(x), 0.0)
    low, high = (Parameter.of(np.array([edge])) for edge in (-LARGEST, LARGEST))
    within = ops.RequireWithin(known.node, low, high, "FunctionTransformer", reason=BEYOND_FLOAT64)
    return whole(ops.Cast(within, "i64"))
