"""The names that a traced function sees: its own, with stand-ins for NumPy, pandas and what reads or writes outside."""

from __future__ import annotations

import builtins
import copy
import dis
import functools
import importlib
import inspect
import re
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.importers.tracing.array_functions import column_stack
from pretzel.importers.tracing.arrays import SymbolicArray, standing_for, unwrapped
from pretzel.importers.tracing.char_functions import CHAR
from pretzel.importers.tracing.clocks import CLOCKS, DATE, DATETIME, DATETIME64
from pretzel.importers.tracing.constant_texts import ConstantText, method_of_text, with_constants
from pretzel.importers.tracing.elements import SINGLE, SymbolicNumber, check_digits
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.patterns import RE, pattern_of
from pretzel.importers.tracing.single_builtins import BUILTINS, SEEN, collection, plain
from pretzel.importers.tracing.singles import TextRows, applied, element_of, rows_of
from pretzel.importers.tracing.strings import SymbolicText
from pretzel.importers.tracing.text_values import Text

OUTSIDE = ("open", "input", "print", "exec", "eval", "breakpoint")
STATEFUL = ("np.random", "random", "time", "os", "io", "socket", "subprocess", "pathlib", "uuid", "secrets")
"""Modules of which no function is called."""
Overrides = dict[str, Any]


class Module:
    """A stand-in for a module: some names replaced, all others as they are."""

    def __init__(self, module: types.ModuleType, name: str, overrides: Overrides) -> None:
        """Replace ``module``, called ``name`` in messages."""
        self.__dict__["_of"] = (module, name, overrides)

    def __getattr__(self, name: str) -> Any:
        """Return a name of the module."""
        module, called, overrides = self.__dict__["_of"]
        if name in overrides:
            return overrides[name]
        return seen(getattr(module, name), f"{called}.{name}", {})


class Outside(Module):
    """A stand-in for a module whose functions depend on more than their arguments."""

    def __getattr__(self, name: str) -> Any:
        """End the trace."""
        called = self.__dict__["_of"][1]
        raise TraceEnd(
            f"{called}.{name} depends on more than the row", "compute it before the model, and send it as a column"
        )


class Owner:
    """The estimator whose method is traced: its attributes are constants, and its methods are traced."""

    def __init__(self, estimator: Any) -> None:
        """Read the attributes of an estimator."""
        self.__dict__["_of"] = estimator

    def __getattr__(self, name: str) -> Any:
        """Return a constant, or a method over this."""
        estimator = self.__dict__["_of"]
        value = getattr(estimator, name)
        if isinstance(value, types.MethodType) and value.__self__ is estimator:
            return functools.partial(rewired(inspect.unwrap(value.__func__), {}), self)
        if hasattr(value, "fit") and hasattr(value, "get_params"):
            raise TraceEnd(f"self.{name} is another estimator", "make it a step of its own in a Pipeline")
        return seen(copied(value), name, {})

    def __setattr__(self, name: str, value: Any) -> None:
        """End the trace: state."""
        raise TraceEnd(f"it sets self.{name}", "set attributes in fit")


def copied(value: Any) -> Any:
    """Return a fitted attribute that the traced function may change without changing the estimator."""
    return copy.deepcopy(value) if isinstance(value, (list, dict, set, np.ndarray)) else value


class Columns:
    """``numpy.c_``."""

    def __getitem__(self, key: Any) -> Any:
        """Return the columns next to each other."""
        parts = tuple(map(_as_rows, key if isinstance(key, tuple) else (key,)))
        if not any(map(is_symbolic, parts)):
            return np.c_[key]
        return SymbolicArray(column_stack([array_of(part) if is_symbolic(part) else part for part in parts]))


def is_symbolic(value: Any) -> bool:
    """Return whether a value, or an element of a list, depends on rows."""
    if isinstance(value, (list, tuple)):
        return any(map(is_symbolic, value))
    return isinstance(value, (SymbolicArray, SymbolicText, TextRows)) or hasattr(value, "as_value")


def array_of(value: Any) -> Any:
    """Return the value of a symbolic array, series or table."""
    return value.as_value() if hasattr(value, "as_value") else unwrapped(value)


def _as_array(original: Callable[..., Any]) -> Callable[..., Any]:
    def convert(value: Any, dtype: Any = None, **options: Any) -> Any:
        rows = rows_of(value)
        if rows is not None:
            return _converted(TextRows(rows) if isinstance(rows, Text) else SymbolicArray(rows), dtype)
        if not is_symbolic(value):
            return original(value, dtype=plain(dtype), **options)
        if isinstance(value, TextRows):
            return value
        if isinstance(value, (list, tuple)):
            raise TraceEnd("an array of columns has them as rows", "use np.column_stack([...])")
        return _converted(SymbolicArray(array_of(value)), dtype)

    return convert


def _converted(result: Any, dtype: Any) -> Any:
    return result if dtype is None else result.astype(plain(dtype))


def _of_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of arrays that also takes lists, which a loop over rows made."""

    def call(*arguments: Any, **options: Any) -> Any:
        return function(*map(_as_rows, arguments), **options)

    return call


def _as_rows(x: Any) -> Any:
    rows = rows_of(x)
    if rows is not None:
        return TextRows(rows) if isinstance(rows, Text) else SymbolicArray(rows)
    return type(x)(map(_as_rows, x)) if type(x) in (list, tuple) else x


def _from_iterable(values: Any, dtype: Any = float, **options: Any) -> Any:
    """Return ``numpy.fromiter``."""
    items = list(values)
    rows = rows_of(items)
    return np.fromiter(items, plain(dtype), **options) if rows is None else SymbolicArray(rows).astype(plain(dtype))


def _per_value(function: Callable[..., Any], **_: Any) -> Callable[..., Any]:
    """Return ``numpy.vectorize`` of a function, applied to whole columns."""
    traced = seen(function, getattr(function, "__name__", "function"), {})

    def call(*columns: Any) -> Any:
        try:
            return traced(*columns)
        except (TraceEnd, TypeError):
            values = list(map(array_of, columns))
            elements = tuple(map(element_of, values))
            return SymbolicArray(applied(lambda each: traced(*each), elements, values[0].node))

    return call


def _numpy() -> Overrides:
    converting = ("asarray", "array", "asanyarray", "ascontiguousarray")
    of_lists = ("expand_dims", "reshape", "column_stack", "hstack", "stack")
    return {name: _as_array(getattr(np, name)) for name in converting} | {
        **{name: _of_lists(getattr(np, name)) for name in of_lists},
        "fromiter": _from_iterable,
        "c_": Columns(),
        "vectorize": _per_value,
        "datetime64": DATETIME64,
        "ndarray": standing_for(np.ndarray, SymbolicArray, np.ndarray),
    }


def overrides_of(module: types.ModuleType) -> Overrides:
    """Return the replaced names of a library."""
    if module is np:
        return _numpy()
    if module in (np.char, np.strings):
        return dict(CHAR)
    if module.__name__ == "datetime":
        return {"datetime": DATETIME, "date": DATE}
    if module is re:
        return dict(RE)
    if module.__name__ == "pandas":
        return dict(importlib.import_module("pretzel.importers.tracing.pandas_functions").PANDAS)
    return {}


def seen(value: Any, name: str, done: dict[int, Any]) -> Any:
    """Return a value of the outer scope as a traced function sees it."""
    if isinstance(value, types.ModuleType):
        kind = Outside if value.__name__ in STATEFUL or name == "np.random" else Module
        return kind(value, "np" if value is np else name, overrides_of(value))
    if isinstance(value, type) and value in CLOCKS:
        return CLOCKS[value]
    if getattr(value, "__name__", "") == "check_is_fitted":
        return lambda *_, **__: None
    if isinstance(value, types.FunctionType) and not _is_library(value):
        return rewired(value, done)
    if isinstance(value, (dict, set, frozenset)):
        return collection(value)
    if type(value) is str:
        return ConstantText(value)
    if isinstance(value, (type, types.BuiltinFunctionType)) and value in SEEN:
        return SEEN[value]
    if isinstance(value, types.MethodDescriptorType) and value.__objclass__ is str:
        return method_of_text(value.__name__)
    if isinstance(value, (re.Pattern, types.BuiltinMethodType)) and pattern_of(value) is not value:
        return pattern_of(value)
    if isinstance(value, functools.partial):
        return functools.partial(seen(value.func, name, done), *value.args, **value.keywords)
    if isinstance(value, types.BuiltinMethodType) and (value.__module__ or "") in STATEFUL:
        raise TraceEnd(f"{name} depends on more than the row", "compute it before the model")
    pandas = getattr(value, "__module__", None) or ""
    if isinstance(pandas, str) and pandas.partition(".")[0] == "pandas" and callable(value):
        replaced = overrides_of(importlib.import_module("pandas")).get(getattr(value, "__name__", ""))
        return value if replaced is None else replaced
    return value


def _is_library(function: types.FunctionType) -> bool:
    return function.__module__.partition(".")[0] in ("numpy", "pandas", "scipy", "sklearn", "math")


def rewired(function: types.FunctionType, done: dict[int, Any]) -> Any:
    """Return a function over the same code, with the names of its scope as traced functions see them."""
    if id(function) in done:
        return done[id(function)]
    scope: dict[str, Any] = {"__builtins__": {**vars(builtins), **_builtins()}, "__name__": function.__module__}
    names = names_read(function.__code__)
    copied = types.FunctionType(
        with_constants(function.__code__), scope, function.__name__, function.__defaults__, _cells(function, done)
    )
    copied.__kwdefaults__ = function.__kwdefaults__
    done[id(function)] = copied
    for name in names & function.__globals__.keys():
        scope[name] = seen(function.__globals__[name], name, done)
    return copied


def _cells(function: types.FunctionType, done: dict[int, Any]) -> tuple[types.CellType, ...] | None:
    if function.__closure__ is None:
        return None
    names = function.__code__.co_freevars
    return tuple(
        types.CellType(seen(cell.cell_contents, name, done)) if cell.cell_contents is not function else cell
        for name, cell in zip(names, function.__closure__, strict=True)
    )


def names_read(code: types.CodeType) -> set[str]:
    """Return the global names of a function and of those defined in it."""
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return set(code.co_names).union(*map(names_read, inner))


def _builtins() -> Overrides:
    def refusing(name: str) -> Callable[..., Any]:
        def refused(*_: Any, **__: Any) -> Any:
            raise TraceEnd(f"{name}() reads or writes outside of the row", "leave it out")

        return refused

    def imported(name: str, *arguments: Any, **options: Any) -> Any:
        module = builtins.__import__(name, *arguments, **options)
        return seen(module, name, {})

    def rounded(value: Any, digits: int | None = None) -> Any:
        if isinstance(value, SymbolicNumber) or not is_symbolic(value):
            return builtins.round(value, digits)
        if SINGLE.get():
            check_digits(digits)
        return value.round(digits or 0)

    return {name: refusing(name) for name in OUTSIDE} | {"__import__": imported, "round": rounded} | BUILTINS


def writes_outside(code: types.CodeType) -> bool:
    """Return whether a function assigns a name outside of itself."""
    names = {instruction.opname for instruction in _instructions(code)}
    free = {i.argval for i in _instructions(code) if i.opname == "STORE_DEREF"} & set(code.co_freevars)
    return "STORE_GLOBAL" in names or bool(free)


def _instructions(code: types.CodeType) -> list[Any]:
    return list(dis.get_instructions(code))
