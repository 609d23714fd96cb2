"""A value of a graph under construction: a node, the line that wrote it, and a method for each step over it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.plan.builder.categories import CategorySteps
from pretzel.plan.builder.columns import ColumnSteps
from pretzel.plan.builder.heads import HeadSteps
from pretzel.plan.builder.models import ModelSteps
from pretzel.plan.builder.numbers import NumberSteps
from pretzel.plan.builder.steps import made
from pretzel.plan.builder.texts import TextSteps
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMPY_DTYPES


class Value(TextSteps, ColumnSteps, NumberSteps, CategorySteps, ModelSteps, HeadSteps):
    """One value per row, of a known type, in a pipeline under construction; each method returns the next value.

    ``type`` is the type (``f64``, ``f64[3]``, ``f64{9}``, ``str``, ``str[*]``), ``node`` the operator that computes it.
    Values are immutable, and equal steps over equal values are one node.  :meth:`apply` reaches every operator of the
    language; the other methods are the common ones by their usual names.  Arguments that are learned are arrays, lists
    or :class:`~pretzel.plan.parameter.Parameter` objects.

    Raises, from every method:
        DefinitionError: the step does not fit the value; the message names step, line, value, what was expected, and
            what to change.
    """

    __slots__ = ()

    def __add__(self, other: Value | float) -> Value:
        """Return ``self + other``, with a single column or a number for all columns."""
        return self._arithmetic("add", other)

    def __sub__(self, other: Value | float) -> Value:
        """Return ``self - other``."""
        return self._arithmetic("subtract", other)

    def __mul__(self, other: Value | float) -> Value:
        """Return ``self * other``."""
        return self._arithmetic("multiply", other)

    def __truediv__(self, other: Value | float) -> Value:
        """Return ``self / other``."""
        return self._arithmetic("divide", other)

    def __lt__(self, other: Value | float) -> Value:
        """Return ``self < other`` as bool."""
        return self._binary("less", "compare", other)

    def __le__(self, other: Value | float) -> Value:
        """Return ``self <= other`` as bool."""
        return self._binary("less_equal", "compare", other)

    def equal(self, other: Value | float) -> Value:
        """Return ``self == other`` as bool, value by value."""
        return self._binary("equal", "compare", other)

    def _arithmetic(self, function: str, other: Value | float) -> Value:
        return self._binary(function, "arithmetic", other)

    def _binary(self, function: str, operator: str, other: Value | float) -> Value:
        if not isinstance(other, Value):
            row = np.asarray([other], NUMPY_DTYPES.get(self.type.dtype))
            other = self.step("constant", row=Parameter.of(row), called=repr(other))
        return self.step(operator, other, function=function, called=function)


def input(name: str, kind: str) -> Value:
    """Return an input of a type in its text form: ``f64``, ``f64[3]``, ``f32{9}``, ``str``, ``str[*]``, ...

    Raises:
        DefinitionError: the text is not a type, or the name is not a text.
    """
    return made(Value, "input", (), {"column": name, "kind": kind}, f"input {name!r}")


def of(node: Node) -> Value:
    """Return the value of a node, such as one that an importer is given."""
    return Value(node, node.name, "an earlier step")


def apply(operator: str, *values: Value, **fields: Any) -> Value:
    """Return the value of any operator over values in the order of its inputs; see :meth:`Value.apply`."""
    return made(Value, operator, values, fields, operator)


def concat(*values: Value) -> Value:
    """Return the columns of all values, in order: all numbers or all texts; sparse if one is.

    Numbers of different types become NumPy's common type.
    """
    return made(Value, "concat", values, {}, "concat")


def where(condition: Value, a: Value, b: Value) -> Value:
    """Return ``a`` where the condition (bool) is true, otherwise ``b``; both of one type."""
    return made(Value, "where", (condition, a, b), {}, "where")
