"""Functions and methods of pandas that are given as they are, such as ``pd.isna``, as functions that are traced."""

from __future__ import annotations

import functools
import importlib
import types
from typing import Any


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
