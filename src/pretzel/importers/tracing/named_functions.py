"""Functions that are traced: those of users, and those of pandas that are given as they are, such as ``pd.isna``."""

from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Mapping
from typing import Any

from pretzel.importers.installed import is_computing


def is_traceable(function: Any) -> bool:
    """Return whether this is a function or method written in Python, one of pandas, or a partial of one."""
    inner = opened(function, {})[0]
    return isinstance(inner, types.FunctionType) and not is_computing(inner.__module__)


def opened(function: Any, options: Mapping[str, Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Return the function in a ``functools.partial``, the arguments after the first, and all named ones."""
    if isinstance(function, types.MethodType):
        return function.__func__, (function.__self__,), dict(options)
    if type(function) is functools.partial and not function.args:
        inner, rest, named = opened(function.func, {})
        return inner, rest, {**named, **function.keywords, **options}
    return of_pandas(function) or function, (), dict(options)


def of_pandas(function: Any) -> types.FunctionType | None:
    """Return a function that calls a function, class or method of pandas; None for anything else."""
    module, name = getattr(function, "__module__", None), getattr(function, "__name__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module.partition(".")[0] != "pandas":
        return None
    pandas = importlib.import_module("pandas")
    if getattr(pandas, name, None) is function:
        return _calling(function)
    return _calling_method(name) if getattr(pandas.DataFrame, name, None) is function else None


@functools.lru_cache(maxsize=64)
def _calling(function: Any) -> types.FunctionType:
    def call(x: Any, **options: Any) -> Any:
        return function(x, **options)

    assert isinstance(call, types.FunctionType)
    return call


@functools.lru_cache(maxsize=64)
def _calling_method(name: str) -> types.FunctionType:
    def call(x: Any, **options: Any) -> Any:
        return getattr(x, name)(**options)

    assert isinstance(call, types.FunctionType)
    return call
