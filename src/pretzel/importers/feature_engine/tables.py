"""The table that a transformer of feature_engine reads and returns: columns by name, some of them replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.given_forms import note_forms
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.handing import hands_on
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

Table = dict[Any, Columns]
"""A column per name, in order."""
Changing = Callable[[Any, Table, Step], Table]


def changes(*classes: type) -> Callable[[Changing], Changing]:
    """Register a function of (transformer, table, step) that returns the table after the transformer."""

    def register(function: Changing) -> Changing:
        def handed_on(estimator: Any, x: Columns, step: Step) -> Columns:
            names = list(estimator.feature_names_in_)
            table = function(estimator, dict(zip(names, x.each(), strict=True)), step)
            if not table:
                raise step.refuse("", "it returns no column", "keep at least one column")
            return Columns.side_by_side(table.values(), frame=True)

        @wraps(function)  # the page of estimators reads the refusals of the function
        def transformed(estimator: Any, x: Columns, step: Step) -> Methods:
            columns = handed_on(estimator, x, step)
            if columns.holds_texts:
                raise step.refuse("variables", "it returns both texts and numbers", "encode them all, or drop them")
            return {"transform": columns.array()}

        imports(*classes)(transformed)
        hands_on(*classes)(handed_on)
        return function

    return register


def number(column: Columns) -> Node:
    """Return a column of numbers in float64."""
    node = column.number()
    return node if node.type.dtype == "f64" else ops.Cast(node, "f64")


def note_types(table: Table, names: Iterable[Any], forms: Iterable[str], step: Step) -> None:
    """Record types of these columns for which pandas computes other values, so that clients reject them."""
    for name in names:
        if not table[name].holds_texts:
            note_forms(table[name].number(), forms, step.inputs)


def finite(column: Columns, step: Step) -> Node:
    """Return a column of numbers in float64; missing values and infinities are rejected."""
    return ops.RequireFinite(number(column), type(step.estimator).__name__)


def finite_single(column: Columns, step: Step) -> Node:
    """Do as :func:`finite`, but leave float32 as it is."""
    return ops.RequireFinite(column.number(), type(step.estimator).__name__)


def checked(column: Columns, step: Step) -> Node:
    """Do as :func:`finite_single` unless an option says to ignore missing values and infinities."""
    return column.number() if step.estimator.missing_values == "ignore" else finite_single(column, step)


def within(x: Node, low: float, high: float, reason: str, step: Step) -> Node:
    """Return a column whose values outside ``low .. high`` are rejected."""
    lowest, highest = (Parameter.of(np.array([float(limit)])) for limit in (low, high))
    return ops.RequireWithin(x, lowest, highest, type(step.estimator).__name__, reason=reason)


def scaled(x: Node, scale: float, shift: float = 0.0) -> Node:
    """Return ``x * scale + shift``."""
    shifted = Parameter.of(np.array([shift], x.type.numpy)) if shift else None
    return ops.Affine(x, Parameter.of(np.array([scale], x.type.numpy)), shifted)


def standardized(x: Node, mean: float, scale: float) -> Node:
    """Return ``(x - mean) / scale``."""
    return ops.Standardize(x, *(Parameter.of(np.array([float(value)])) for value in (mean, scale)))


def stacked(nodes: Sequence[Node]) -> Node:
    """Return columns as one matrix."""
    return ops.Concat(tuple(nodes))
