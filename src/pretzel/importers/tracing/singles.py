"""Functions of single values: elements of columns, rows of a loop, and the results of all ways through a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.arrays import SymbolicArray, stacked
from pretzel.importers.tracing.branches import Way, joined, loop_over, looped, rejected, ways
from pretzel.importers.tracing.elements import SymbolicNumber, as_value, chosen_number
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.strings import SymbolicText, opened
from pretzel.importers.tracing.text_numbers import numbers_of
from pretzel.importers.tracing.text_values import Text, chosen_text, condition
from pretzel.importers.tracing.tokens import SymbolicTokens
from pretzel.importers.tracing.values import Value
from pretzel.importers.tracing.word_loops import check_within
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

CONSTANTS = (str, int, float, np.number, np.bool_)
RAISES = "the function raises an error for it"


def element_of(value: Value, column: str | None = None, *, of_list: bool = False) -> Any:
    """Return the value of one row of a column."""
    return SymbolicText(value.node, of_list) if isinstance(value, Text) else SymbolicNumber(value, column)


def is_element(x: Any) -> bool:
    """Return whether this is a value of one row."""
    return isinstance(x, (SymbolicNumber, SymbolicText))


def applied(function: Callable[..., Any], element: Any, beside: Node) -> Value:
    """Return a function of each value as a column.

    Raises:
        TraceEnd: it returns something else than a number or a text.
    """
    found = ways(lambda: opened(function(element)))
    result = joined(found, merged)
    return required(column_of(result, beside), found, beside)


def required(value: Value, found: list[Way], beside: Node) -> Value:
    """Return a column that is rejected where the function raises an error."""
    answered = rejected(found, _either)
    if answered is True:
        return value
    node = ops.Require(value.node, _as_condition(answered, beside), reason_of(found))
    return type(value)(node, value.example)


def reason_of(found: list[Way]) -> str:
    """Return why rows are rejected."""
    errors = [way.error for way in found if way.error is not None]
    return f"{RAISES} ({type(errors[0]).__name__}: {errors[0]})"


def answered_by(found: list[Way], beside: Node) -> Node | None:
    """Return the condition of the rows that a function answers; None for all."""
    answered = rejected(found, _either)
    return None if answered is True else _as_condition(answered, beside)


def _either(test: Node, a: Any, b: Any) -> Any:
    if a is b:
        return a
    if isinstance(a, bool) and isinstance(b, bool):
        return test if a else operators.negated(test)
    left, right = (_as_condition(x, test) for x in (a, b))
    return ops.Where(test, left, right)


def _as_condition(x: Any, beside: Node) -> Node:
    return x if isinstance(x, Node) else ops.Constant(beside, Parameter.of(np.array([bool(x)])))


def column_of(x: Any, beside: Node) -> Value:
    """Return the value of one row, or a constant, as a column."""
    x = opened(x)
    if is_element(x):
        check_within(node_of(x))
    if isinstance(x, SymbolicText):
        return Text.of(x.node)
    if isinstance(x, str):
        return chosen_text(condition(_as_condition(True, beside)), x, x)
    if isinstance(x, (SymbolicNumber, int, float, np.number, np.bool_)):
        return as_value(x, beside)
    raise unknown(f"a value of type {type(x).__name__} for each row")


def merged(test: Node, a: Any, b: Any) -> Any:
    """Return a condition's choice of two results of a function."""
    a, b = opened(a), opened(b)
    if _is_same(a, b):
        return a
    if isinstance(a, str) or isinstance(b, str):
        return SymbolicText(chosen_text(condition(test), _text(a), _text(b)).node)
    if isinstance(a, (list, tuple)) and type(a) is type(b) and len(a) == len(b):
        return type(a)(merged(test, x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict) and list(a) == list(b):
        return {key: merged(test, a[key], b[key]) for key in a}
    if isinstance(a, SymbolicTokens) and isinstance(b, SymbolicTokens):
        return SymbolicTokens(ops.ChooseText(test, a.node, b.node))
    if a is None or b is None or isinstance(a, SymbolicTokens) or isinstance(b, SymbolicTokens):
        raise TraceEnd("its branches return values of different kinds", "return numbers alone, or texts alone")
    return chosen_number(test, a, b)


def _is_same(a: Any, b: Any) -> bool:
    if isinstance(a, SymbolicText) or isinstance(b, SymbolicText):
        return isinstance(a, SymbolicText) and isinstance(b, SymbolicText) and a.node == b.node
    if isinstance(a, SymbolicTokens) and isinstance(b, SymbolicTokens):
        return a.node == b.node
    if is_element(a) or is_element(b):
        return is_element(a) and is_element(b) and a.value.node == b.value.node
    if isinstance(a, (list, tuple, dict)) or isinstance(b, (list, tuple, dict)):
        return False
    return type(a) is type(b) and bool(a == b)


def _text(x: Any) -> Any:
    if isinstance(x, SymbolicText):
        return Text.of(x.node)
    if x is None or isinstance(x, str) or (isinstance(x, float) and x != x):
        return x
    raise TraceEnd("its branches return texts and numbers", "return numbers alone, or texts alone")


def rows_of(x: Any) -> Value | None:
    """Return a list that a loop over rows made, of values or of lists of them, as columns; None for anything else."""
    if not isinstance(x, (list, tuple)) or len(x) != 1:
        return None
    item, beside = opened(x[0]), looped()
    if is_element(item) or (beside is not None and isinstance(item, CONSTANTS)):
        return column_of(item, beside or node_of(item))
    if beside is None or not isinstance(item, (list, tuple)) or not item:
        return None
    columns = [column_of(part, beside) for part in item]
    if any(isinstance(column, Text) for column in columns):
        raise TraceEnd("a matrix of texts is not traced", "return a table of them")
    return stacked(columns)


def node_of(element: Any) -> Node:
    """Return the node of the value of one row."""
    node = element.node if isinstance(element, SymbolicText) else element.value.node
    assert isinstance(node, Node)
    return node


def records_of(x: Any) -> dict[Any, Value] | None:
    """Return a list of one dictionary for each row as named columns; None for anything else."""
    if not isinstance(x, list) or len(x) != 1 or not isinstance(x[0], dict):
        return None
    parts = {name: opened(part) for name, part in x[0].items()}
    beside = looped()
    return None if beside is None else {name: column_of(part, beside) for name, part in parts.items()}


class TextRows:
    """A list or array of texts, which is a loop's to read."""

    def __init__(self, value: Text) -> None:
        """Wrap a value."""
        self.value = value

    def __iter__(self) -> Iterator[Any]:
        """Return the text of one row."""
        loop_over(self.value.node)
        return iter((element_of(self.value, of_list=True),))

    def __len__(self) -> int:
        """End the trace: a number of rows."""
        raise TraceEnd("len() counts rows", "compute each row from that row alone")

    def __getitem__(self, key: Any) -> Any:
        """End the trace: some rows."""
        raise TraceEnd("it selects rows", "compute each row from that row alone")

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        """End the trace: a function of arrays of texts."""
        raise unknown(f"np.{function.__name__} of texts")

    def tolist(self) -> TextRows:
        """Return itself."""
        return self

    ravel = flatten = copy = tolist

    def astype(self, dtype: Any, **_: Any) -> Any:
        """Return the numbers that they spell, or the texts themselves."""
        numbers = numbers_of(self.value.node, getattr(dtype, "of", dtype))
        return self if numbers is None else SymbolicArray(numbers)


def is_open(x: Any) -> bool:
    """Return whether a series is a column whose type is unknown."""
    return getattr(x, "open_column", None) is not None


class Row:
    """One row of a table, for functions applied along it."""

    def __init__(self, frame: Any) -> None:
        """Read the columns of a table."""
        self._frame = frame

    def __getitem__(self, name: Any) -> Any:
        """Return the value of a column."""
        return next(iter(self._frame[name]))

    def __getattr__(self, name: str) -> Any:
        """Return the value of a column."""
        if name.startswith("_") or name not in self._frame:
            raise unknown(f".{name} of a row")
        return self[name]

    def get(self, name: Any, default: Any = None) -> Any:
        """Return the value of a column."""
        return self[name] if name in self._frame else default
