"""Functions of each value: NumPy's by name, and ones above a threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.preprocessing import Binarizer, FunctionTransformer

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.handing import gives_pandas, hands_on
from pretzel.importers.sklearn.integers import applied_to_integers
from pretzel.importers.sklearn.matrices import checked, is_sparse
from pretzel.plan import ops
from pretzel.plan.node import Node

NAMES: dict[Callable[..., Any], str] = {
    np.abs: "abs",
    np.exp: "exp",
    np.expm1: "expm1",
    np.log: "log",
    np.log1p: "log1p",
    np.negative: "negative",
    np.reciprocal: "reciprocal",
    np.sqrt: "sqrt",
    np.square: "square",
    np.tanh: "tanh",
}


@imports(FunctionTransformer)
def function_transformer(estimator: FunctionTransformer, x: Columns, step: Step) -> Methods:
    """A NumPy function of each value, or the values themselves."""
    whole = _of_integers(estimator, x, step)
    if whole is not None:
        return {"transform": whole.array()}
    node = checked(x, estimator) if estimator.validate else x.numbers()
    return {"transform": applied(estimator.func, "func", estimator.kw_args, "kw_args", node, step)}


@hands_on(FunctionTransformer)
def handed_on(estimator: FunctionTransformer, x: Columns, step: Step) -> Columns:
    """A table of pandas where one is given, else an array."""
    frame = gives_pandas(estimator) or (x.frame and not estimator.validate)
    whole = _of_integers(estimator, x, step)
    if whole is not None:
        return Columns(whole.parts, frame=frame)
    return Columns((function_transformer(estimator, x, step)["transform"],), frame=frame)


def _of_integers(estimator: FunctionTransformer, x: Columns, step: Step) -> Columns | None:
    """Return a function without arguments of integers; None where there are none, or the function is another."""
    name = None if estimator.kw_args or estimator.func is None else _name(estimator.func)
    return None if name is None else applied_to_integers(name, x.as_array() if estimator.validate else x, step)


@imports(Binarizer)
def binarizer(estimator: Binarizer, x: Columns, step: Step) -> Methods:
    """One where a value is above the threshold, else zero, of the type of X."""
    node = checked(x, estimator)
    if is_sparse(node):
        raise step.refuse("", "it is given a sparse matrix", "make the step before it give a dense one")
    threshold = as_compared(estimator.threshold, node.type.numpy)
    given = x.array().type.dtype
    return {"transform": ops.Cast(ops.Threshold(node, threshold), given)}


def applied(function: Any, option: str, arguments: Any, arguments_option: str, x: Node, step: Step) -> Node:
    """Return a function given as a callable, of every value of x; None is the identity."""
    if function is None:
        return x
    if arguments:
        raise step.refuse(arguments_option, "functions are served without further arguments", "leave them out")
    name = _name(function)
    if name is None:
        remedy = f"use one of NumPy's {', '.join(NAMES.values())}"
        raise step.refuse(option, "no importer knows what it computes", remedy)
    if is_sparse(x):
        raise step.refuse(option, "it is given a sparse matrix", "make the step before it give a dense one")
    return ops.Elementwise(x, name)


def as_compared(value: Any, dtype: np.dtype) -> float:
    """Return a number as NumPy compares it with an array: a Python number takes the type of the array."""
    return float(dtype.type(value)) if type(value) in (int, float) else float(value)


def _name(function: Any) -> str | None:
    return next((name for known, name in NAMES.items() if known is function), None)
