"""Symbolic numbers of one row: what a function of single values gets, or computes from a text."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ClassVar

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.arrays import SymbolicArray
from pretzel.importers.tracing.branches import decide, raise_unless
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.narrower import BEYOND_INT64
from pretzel.importers.tracing.python_integers import LARGEST as BEYOND
from pretzel.importers.tracing.python_integers import check_constant, checked
from pretzel.importers.tracing.text_values import HoldsTextsError, whole
from pretzel.importers.tracing.values import ROWS, Value, cast, made
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

DIVIDING = (np.divide, np.floor_divide, np.remainder)
CONDITIONS = (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.logical_and, np.logical_or, np.logical_not)
SINGLE = ContextVar("SINGLE", default=False)
"""Whether a function of single values is being called with a whole column."""


def of_columns(function: Callable[[Any], Any], columns: Any) -> Any:
    """Return a function of single values of whole columns, where both compute alike."""
    before = SINGLE.set(True)
    try:
        return function(columns)
    finally:
        SINGLE.reset(before)


def check_digits(digits: int | None) -> None:
    """End the trace where Python rounds one float: by its decimal digits, where NumPy scales it by a power of ten."""
    if digits:
        raise TraceEnd(
            "round(x, digits) of one value is not traced", "use .round(digits) of the column, in training too"
        )


class SymbolicNumber(SymbolicArray):
    """The number of one row: arithmetic and comparisons as Python's, and branches."""

    written: ClassVar[Callable[[SymbolicNumber], str]]
    """Returns the digits of an integer, as a text of one row."""

    def __init__(self, value: Value, column: str | None = None) -> None:
        """Wrap a value; ``column``: the column of unknown type that it is, if it is one."""
        super().__init__(value)
        self.column = column

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *arguments: Any, **options: Any) -> Any:
        """Apply a ufunc."""
        if method != "__call__" or options:
            raise unknown(f"np.{ufunc.__name__} of one value")
        return self._apply(ufunc, *arguments)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        """Apply a function of arrays to one value."""
        result = super().__array_function__(function, types, arguments, options)
        return SymbolicNumber(result.value) if isinstance(result, SymbolicArray) else result

    def _apply(self, ufunc: np.ufunc, *arguments: Any) -> Any:
        if any(isinstance(argument, str) for argument in arguments):
            self.wish()
            return ufunc is np.not_equal if ufunc in (np.equal, np.not_equal) else NotImplemented
        if any(argument is None for argument in arguments) and ufunc in (np.equal, np.not_equal):
            return ufunc is np.not_equal
        if not all(isinstance(argument, (SymbolicNumber, int, float, np.number, np.bool_)) for argument in arguments):
            return NotImplemented
        counted = arguments if ufunc in CONDITIONS else [_counted(argument) for argument in arguments]
        if ufunc in DIVIDING:
            _check_divisor(counted[1])
        for argument in counted:
            check_constant(argument)
        values = tuple(map(_value, counted))
        return SymbolicNumber(checked(ufunc, values, operators.applied(ufunc, values)))

    def _power(self, base: Any, exponent: Any) -> Any:
        values = _value(_counted(base)), _value(_counted(exponent))
        return SymbolicNumber(checked(np.power, values, operators.powered(*values)))

    def __iadd__(self, other: Any) -> Any:
        """Return ``self + other``: numbers of Python are not changed in place."""
        return self + other

    def __isub__(self, other: Any) -> Any:
        """Return ``self - other``."""
        return self - other

    def __imul__(self, other: Any) -> Any:
        """Return ``self * other``."""
        return self * other

    def __itruediv__(self, other: Any) -> Any:
        """Return ``self / other``."""
        return self / other

    def wish(self) -> None:
        """Start again with the column as texts, if its type is unknown."""
        if self.column is not None:
            raise HoldsTextsError(self.column)

    @property
    def ndim(self) -> int:
        """No axis."""
        return 0

    @property
    def shape(self) -> tuple[int, ...]:
        """No axis."""
        return ()

    def __getattr__(self, name: str) -> Any:
        """End the trace, or start again if it is a method of texts."""
        if not name.startswith("_") and hasattr(str, name):
            self.wish()
        return super().__getattr__(name)

    def __getitem__(self, key: Any) -> Any:
        """Start again with texts, if the type is unknown."""
        self.wish()
        raise TypeError("a number is not subscriptable")

    def __iter__(self) -> Any:
        """Start again with texts, if the type is unknown."""
        self.wish()
        raise TypeError("a number is not iterable")

    def __contains__(self, item: Any) -> bool:
        """Start again with texts, if the type is unknown."""
        self.wish()
        raise TypeError("a number holds nothing")

    def __bool__(self) -> bool:
        """Return whether it is not zero, on the way that is being run."""
        return decide(operators.truth(self.value))

    def __hash__(self) -> int:  # type: ignore[override]
        """End the trace: a look-up."""
        raise TraceEnd(
            "a dictionary or set inside of the function is asked for a number of the row",
            "define it outside of the function",
        )

    def __round__(self, digits: int | None = None) -> Any:
        """Round half to even."""
        if digits is not None:
            check_digits(digits or 1)
        return self.to_int(np.rint)

    def __trunc__(self) -> Any:
        """Return the integer part."""
        return self.to_int(np.trunc)

    def __floor__(self) -> Any:
        """Round down."""
        return self.to_int(np.floor)

    def __ceil__(self) -> Any:
        """Round up."""
        return self.to_int(np.ceil)

    def __format__(self, spec: str) -> str:
        """Return the digits of an integer."""
        if spec:
            raise TraceEnd(f"a number is formatted by {spec!r:.20}", "use str() of integers")
        return type(self).written(self)

    __str__ = lambda self: self.__format__("")  # noqa: E731

    def to_int(self, rounding: np.ufunc = np.trunc) -> SymbolicNumber:
        """Return an integer, as ``int`` does: an error for what it does not hold."""
        if self.value.dtype.kind != "f":
            return SymbolicNumber(whole(cast(self.value.node, "i64")))
        nan = operators.applied(np.isnan, (self.value,))
        raise_unless(operators.negated(nan.node), ValueError("cannot convert float NaN to integer"))
        finite = operators.applied(np.isfinite, (self.value,))
        raise_unless(finite.node, OverflowError("cannot convert float infinity to integer"))
        kept = operators.applied(
            rounding, (operators.chosen(finite, Value(cast(self.value.node, "f64"), np.ones(ROWS)), 0.0),)
        )
        low, high = (Parameter.of(np.array([edge])) for edge in (-float(BEYOND), float(BEYOND)))
        within = ops.RequireWithin(kept.node, low, high, "FunctionTransformer", reason=BEYOND_INT64)
        return SymbolicNumber(whole(ops.Cast(within, "i64")))

    def to_float(self) -> SymbolicNumber:
        """Return a float."""
        return SymbolicNumber(Value(cast(self.value.node, "f64"), np.ones(ROWS)))


def _value(argument: Any) -> Any:
    return argument.value if isinstance(argument, SymbolicNumber) else argument


def _counted(argument: Any) -> Any:
    """Return a condition as the integer that it is in Python's arithmetic."""
    if isinstance(argument, SymbolicNumber) and argument.value.dtype.kind == "b":
        return SymbolicNumber(whole(cast(argument.value.node, "i64")))
    return int(argument) if isinstance(argument, bool) else argument


def _check_divisor(divisor: Any) -> None:
    if isinstance(divisor, SymbolicNumber):
        nonzero = operators.applied(np.not_equal, (divisor.value, 0))
        raise_unless(nonzero.node, ZeroDivisionError("division by zero"))
    elif divisor == 0:
        raise ZeroDivisionError("division by zero")


def of_condition(node: Node) -> SymbolicNumber:
    """Return a condition of one row."""
    return SymbolicNumber(Value(node, np.ones(ROWS, np.bool_)))


def as_value(x: Any, beside: Node) -> Value:
    """Return a number of one row, or a constant, as a value."""
    if isinstance(x, SymbolicNumber):
        return x.value
    array = np.asarray(x)
    if array.ndim or array.dtype.kind not in "biuf":
        raise TraceEnd(f"{x!r:.40} is returned where others are numbers", "return numbers alone, or texts alone")
    example = np.full(ROWS, array[()])
    return made(ops.Constant(beside, Parameter.of(array.reshape(1))), example)


def chosen_number(condition: Node, a: Any, b: Any) -> SymbolicNumber:
    """Return one of two numbers; integers and conditions become numbers of one kind."""
    left, right = as_value(a, condition), as_value(b, condition)
    if left.dtype != right.dtype and "b" in (left.dtype.kind, right.dtype.kind):
        left, right = (whole(cast(x.node, "i64")) if x.dtype.kind == "b" else x for x in (left, right))
    test = Value(condition, np.ones(ROWS, np.bool_))
    return SymbolicNumber(operators.chosen(test, left, right))
