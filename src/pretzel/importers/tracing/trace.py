"""One run of a function over symbolic columns, and the operators that it leaves."""

from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pretzel.importers.tracing import reductions  # noqa: F401  # registers its functions
from pretzel.importers.tracing.arrays import SymbolicArray
from pretzel.importers.tracing.branches import Way, backwards, joined, ways
from pretzel.importers.tracing.ending import TraceEnd, line_of, unknown, where
from pretzel.importers.tracing.marks import forget_marks
from pretzel.importers.tracing.modules import Owner, rewired, seen, writes_outside
from pretzel.importers.tracing.named_functions import opened
from pretzel.importers.tracing.singles import TextRows, answered_by, reason_of, rows_of
from pretzel.importers.tracing.text_values import BY_PANDAS, OPEN, ObjectText, Text
from pretzel.importers.tracing.values import Value, cast, of_input
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.types import DTYPE_NAMES

FREE = "let the function depend on its arguments and on constants alone"


@dataclass(frozen=True, slots=True)
class Given:
    """Placeholders for the columns that a function gets."""

    inputs: tuple[ops.Input, ...]
    """One matrix, or one number per row for each column of a table."""
    names: tuple[Any, ...] | None
    """The names of the columns of a table; None for an array."""
    vector: bool = False
    """True if the function gets the one column of a table as a series, or without names a list of texts."""
    unknown: frozenset[str] = frozenset()
    """The columns whose type is unknown; they are numbers unless the function uses them as texts."""
    dates: tuple[tuple[str, str], ...] = ()
    """The columns of dates or time spans, and their types."""
    text_types: tuple[tuple[str, str], ...] = ()
    """The columns of texts that are not of pandas' own type, and their types."""

    def with_texts(self, column: str) -> Given:
        """Return the same with a column of texts."""
        inputs = (ops.Input(node.column, "str") if node.column == column else node for node in self.inputs)
        return replace(self, inputs=tuple(inputs), unknown=self.unknown - {column})


@dataclass(frozen=True, slots=True)
class Result:
    """The columns that a function returned."""

    parts: tuple[Node, ...]
    names: tuple[Any, ...] | None
    """The names of the columns of a table; None for an array."""
    vector: bool
    """True for one number per row without a second axis."""
    types: tuple[str, ...] | None = None
    """The types of the columns of a table, by the function itself on random rows."""
    by_pandas: bool = False
    """True if pandas' methods of texts are called, whose answers depend on the type of the column."""


class UntracedError(Exception):
    """A function that is not served: reason and remedy."""

    def __init__(self, reason: str, remedy: str) -> None:
        """Keep both."""
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


def trace(function: Callable[..., Any], options: Mapping[str, Any], given: Given) -> Result:
    """Return what a function computes, by running it twice.

    Raises:
        UntracedError: something in it has no operator, or the runs differ.
    """
    inner, owner, named = opened(function, options)
    if writes_outside(inner.__code__):
        place = where(inner.__code__.co_filename, inner.__code__.co_firstlineno)
        raise UntracedError(f"at {place} it changes names outside of itself", FREE)
    first = _run(inner, owner, named, given)
    with backwards():
        second = _run(inner, owner, named, given)
    if first != second:
        place = where(inner.__code__.co_filename, inner.__code__.co_firstlineno)
        raise UntracedError(f"at {place} two runs of it differ: it has state or is random", FREE)
    return first


def _run(function: types.FunctionType, owner: tuple[Any, ...], options: Mapping[str, Any], given: Given) -> Result:
    code = function.__code__
    try:
        with np.errstate(all="ignore"):
            forget_marks()
            called = functools.partial(rewired(function, {}), *map(Owner, owner))
            methods = list[bool]()
            BY_PANDAS.set(methods)
            found = ways(lambda: _result(_called(called, given, options), given.inputs[0]))
            return replace(_required(joined(found, _merged), found, given), by_pandas=bool(methods))
    except TraceEnd as end:
        raise UntracedError(f"at {line_of(end.__traceback__, code)}, {end.reason}", end.remedy) from None
    except RecursionError:
        raise UntracedError("it recurses without end over symbolic columns", FREE) from None
    except Exception as error:
        place = line_of(error.__traceback__, code)
        reason = f"at {place}, it raised {type(error).__name__} over symbolic columns ({error!s:.200})"
        kind = "a pandas table" if given.names is not None else "an array"
        raise UntracedError(reason, f"check that it takes {kind} of the columns it was fitted on") from error


def _called(function: Callable[..., Any], given: Given, options: Mapping[str, Any]) -> Any:
    unknown = OPEN.set(given.unknown)
    try:
        return function(_symbolic(given), **{name: seen(value, name, {}) for name, value in options.items()})
    finally:
        OPEN.reset(unknown)


def _symbolic(given: Given) -> Any:
    if given.names is None and given.inputs[0].type.is_text:
        return TextRows(Text.of(given.inputs[0]))
    if given.names is None:
        return SymbolicArray(of_input(given.inputs[0]))
    dates, types = dict(given.dates), dict(given.text_types)
    parts = [_part(node, dates, types.get(node.column)) for node in given.inputs]
    if given.vector:
        return _tables("dates").SymbolicSeries(parts[0], given.names[0])
    return _tables("tables").SymbolicFrame(dict(zip(given.names, parts, strict=True)))


def _part(node: ops.Input, dates: Mapping[str, str], text_type: str | None) -> Any:
    if node.column in dates:
        return _tables("moments").of_form(node, dates[node.column])
    kind = ObjectText if text_type == "object" else Text
    return kind.of(node) if node.type.is_text else node


def _tables(name: str) -> Any:
    """Return a module of tables, which needs pandas."""
    for module in ("dates", "dummies", "text_choices", "text_series"):
        importlib.import_module(f"pretzel.importers.tracing.{module}")
    return importlib.import_module(f"pretzel.importers.tracing.{name}")


def _result(returned: Any, beside: Node) -> Result:
    rows = returned.value if isinstance(returned, TextRows) else rows_of(returned)
    if rows is not None:
        return Result((rows.node,), None, rows.is_vector)
    if isinstance(returned, SymbolicArray):
        return Result((returned.value.node,), None, returned.value.is_vector)
    if type(returned).__name__ == "SymbolicFrame":
        parts = returned.parts
        _check_names(tuple(parts))
        return Result(tuple(map(_node, parts.values())), tuple(parts), vector=False)
    if any(kind.__name__ == "SymbolicSeries" for kind in type(returned).__mro__):
        return Result((_node(returned.part),), (returned.name,), vector=True)
    if isinstance(returned, (np.ndarray, int, float)):
        raise TraceEnd("it returns a constant", "leave the step out")
    if hasattr(type(returned), "ends"):
        returned.ends()
    raise unknown(f"a result of type {type(returned).__name__}")


def _merged(test: Node, a: Result, b: Result) -> Result:
    """Return a condition's choice of two results."""
    if a.names != b.names or a.vector != b.vector or len(a.parts) != len(b.parts):
        raise TraceEnd("its branches return different columns", "return the same columns in each")
    parts = tuple(_chosen(test, *pair) for pair in zip(a.parts, b.parts, strict=True))
    return Result(parts, a.names, a.vector)


def _chosen(test: Node, a: Node, b: Node) -> Node:
    if a == b:
        return a
    if a.type.is_text != b.type.is_text or a.type.width != b.type.width:
        raise TraceEnd("its branches return different columns", "return the same columns in each")
    if a.type.is_text:
        return ops.ChooseText(test, a, b)
    kind = np.result_type(a.type.numpy, b.type.numpy)
    wide = "bool" if kind.kind == "b" else DTYPE_NAMES[kind] if kind.kind == "f" else "i64"
    return ops.Where(test, cast(a, wide), cast(b, wide))


def _required(result: Result, found: Sequence[Way], given: Given) -> Result:
    """Return a result whose rows are rejected where the function raises an error."""
    answered = answered_by(list(found), given.inputs[0])
    if answered is None:
        return result
    reason = reason_of(list(found))
    computed = [node for node in result.parts if node not in given.inputs] or list(result.parts)
    parts = (ops.Require(node, answered, reason) if node in computed else node for node in result.parts)
    return replace(result, parts=tuple(parts))


def _check_names(names: Sequence[Any]) -> None:
    if not names:
        raise TraceEnd("it returns a table without columns", "keep at least one")


def _node(part: Any) -> Node:
    if isinstance(part, Value) and part.dtype.kind in "mM" and not isinstance(part.node, ops.Input):
        raise TraceEnd(
            "it returns dates or spans", "return numbers: a field of .dt, or spans divided by a pd.Timedelta"
        )
    return part.node if isinstance(part, Value) else part
