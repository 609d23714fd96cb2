"""Functions of each value: those of NumPy and SciPy, and ones above a threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import Binarizer, FunctionTransformer

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Open
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.array_functions import ArgumentError, computed, integer_name, names, takes_sparse
from pretzel.importers.sklearn.handing import gives_pandas, hands_on
from pretzel.importers.sklearn.integers import TRACKED, applied_to_integers
from pretzel.importers.sklearn.matrices import checked, is_sparse
from pretzel.plan import ops
from pretzel.plan.node import Node


@imports(FunctionTransformer)
def function_transformer(estimator: FunctionTransformer, x: Columns, step: Step) -> Methods:
    """A NumPy function of each value, or the values themselves."""
    whole = _of_integers(estimator, x, step)
    if whole is not None:
        return {"transform": whole.array()}
    node = checked(x, estimator) if estimator.validate else x.numbers()
    if estimator.func is not None:
        kinds = "iub" if _tracked(estimator) is None else "b"
        name = integer_name(estimator.func, estimator.kw_args or {})
        _note_integers(x, name, kinds, by_column=not estimator.validate)
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
    name = _tracked(estimator)
    return None if name is None else applied_to_integers(name, x.as_array() if estimator.validate else x, step)


def _tracked(estimator: FunctionTransformer) -> str | None:
    """Return the function of NumPy whose result for integers is known by its type; None for any other."""
    name = None if estimator.kw_args or estimator.func is None else integer_name(estimator.func, {})
    return name if name in TRACKED and getattr(np, name, None) is estimator.func else None


@imports(Binarizer)
def binarizer(estimator: Binarizer, x: Columns, step: Step) -> Methods:
    """One where a value is above the threshold, else zero, of the type of X."""
    node = checked(x, estimator)
    if is_sparse(node):
        raise step.refuse(
            "", "it is given a sparse matrix", "make the step before it give a dense one", about_input=True
        )
    threshold = as_compared(estimator.threshold, node.type.numpy)
    given = x.array().type.dtype
    return {"transform": ops.Cast(ops.Threshold(node, threshold), given)}


def applied(function: Any, option: str, arguments: Any, arguments_option: str, x: Node, step: Step) -> Node:
    """Return a function given as a callable, of every value of x; None is the identity."""
    if function is None:
        return x
    if is_sparse(x) and not takes_sparse(function):
        remedy = "make the step before it give a dense one"
        raise step.refuse(option, "it is given a sparse matrix", remedy, about_input=True)
    try:
        made = computed(function, x, arguments or {})
    except ArgumentError as error:
        given, remedy = error.args
        raise step.refuse(arguments_option if arguments else option, f"it is not served with {given}", remedy) from None
    if made is None:
        remedy = f"use one of NumPy's or SciPy's {', '.join(names())}"
        raise step.refuse(option, "no importer knows what it computes", remedy)
    return made


def _note_integers(x: Columns, name: str | None, kinds: str, *, by_column: bool) -> None:
    """Tell clients which function reads an input as it comes: of integers, NumPy may compute in another type."""
    for part in x.parts:
        if name is not None and isinstance(part, Open):
            noted = part.inputs.metadata.setdefault("functions", {}).setdefault(part.name, [])
            noted.append([name, None if part.positions is None else list(part.positions), kinds, by_column])


def as_compared(value: Any, dtype: np.dtype) -> float:
    """Return a number as NumPy compares it with an array: a Python number takes the type of the array."""
    return float(dtype.type(value)) if type(value) in (int, float) else float(value)
