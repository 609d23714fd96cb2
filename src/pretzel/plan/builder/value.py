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
        return self._with("add", self, other)

    def __radd__(self, other: float) -> Value:
        """Return ``other + self``."""
        return self._with("add", other, self)

    def __sub__(self, other: Value | float) -> Value:
        """Return ``self - other``."""
        return self._with("subtract", self, other)

    def __rsub__(self, other: float) -> Value:
        """Return ``other - self``."""
        return self._with("subtract", other, self)

    def __mul__(self, other: Value | float) -> Value:
        """Return ``self * other``."""
        return self._with("multiply", self, other)

    def __rmul__(self, other: float) -> Value:
        """Return ``other * self``."""
        return self._with("multiply", other, self)

    def __truediv__(self, other: Value | float) -> Value:
        """Return ``self / other``; ``i64`` is truncated towards zero."""
        return self._with("divide", self, other)

    def __rtruediv__(self, other: float) -> Value:
        """Return ``other / self``."""
        return self._with("divide", other, self)

    def __lt__(self, other: Value | float) -> Value:
        """Return ``self < other`` as bool."""
        return self._with("less", self, other, "compare")

    def __le__(self, other: Value | float) -> Value:
        """Return ``self <= other`` as bool."""
        return self._with("less_equal", self, other, "compare")

    def __gt__(self, other: Value | float) -> Value:
        """Return ``self > other`` as bool."""
        return self._with("less", other, self, "compare")

    def __ge__(self, other: Value | float) -> Value:
        """Return ``self >= other`` as bool."""
        return self._with("less_equal", other, self, "compare")

    def equal(self, other: Value | float) -> Value:
        """Return ``self == other`` as bool, value by value."""
        return self._with("equal", self, other, "compare")

    def __bool__(self) -> bool:
        """Raise a TypeError: the value differs by row, so code cannot branch on it."""
        raise TypeError(f"{self!r} has no truth value: it differs by row; use flow.where(condition, a, b)")

    def _with(self, function: str, a: Value | float, b: Value | float, operator: str = "arithmetic") -> Value:
        first, second = (one if isinstance(one, Value) else self._constant(function, one) for one in (a, b))
        return first.step(operator, second, function=function, called=function)

    def _constant(self, called: str, number: float) -> Value:
        """Return a number for each row, of the type of this value."""
        if not isinstance(number, (int, float, np.number, np.bool_)):
            raise self.misused(called, f"expected a value of a pipeline or a number, got {number!r:.80}")
        row = np.asarray([number], NUMPY_DTYPES.get(self.type.dtype))
        if row.dtype.kind not in "f" and row[0] != number:
            raise self.misused(called, f'{number!r} is not {self.type.dtype}; call .cast("f64") on {self!r} first')
        return self.step("constant", row=Parameter.of(row), called=repr(number))


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
