"""Importers of elementwise functions: FunctionTransformer and Binarizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from sklearn.preprocessing import Binarizer, FunctionTransformer

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Open
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.result_tables import returned
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.common.handing import gives_pandas, hands_on, reads_as_given
from pretzel.importers.sklearn.common.integers import TRACKED, applied_to_integers, note_reader, unwrapped_or_noted
from pretzel.importers.sklearn.common.matrices import checked, checked_array, is_sparse
from pretzel.importers.sklearn.preprocessing.array_functions import (
    ArgumentError,
    computed,
    gives_arrays,
    integer_name,
    integer_result,
    is_copy,
    keeps_whole,
    largest_step,
    name_of,
    names,
    takes_sparse,
)
from pretzel.importers.tracing.named_functions import is_traceable
from pretzel.plan import ops
from pretzel.plan.node import Node

reads_as_given(Binarizer, FunctionTransformer)
reads_entries(FunctionTransformer, alike=True)
reads_entries(Binarizer, alike=False)
reads_thresholds(Binarizer, of_sums=True)


JUMPS = frozenset({"ceil", "fix", "floor", "rint", "round", "sign", "trunc"})


@imports(FunctionTransformer)
def function_transformer(estimator: FunctionTransformer, x: Columns, step: Step) -> Methods:
    """A NumPy function of each value, or the identity, which keeps integers."""
    step.inputs.tells_integers = True
    if (step.is_model or x.further) and not (estimator.validate or is_traceable(estimator.func)):
        step.inputs.metadata["others"] = "refused"  # it returns all columns of a table
    return returned(handed_on(estimator, x, step), step)


@hands_on(FunctionTransformer)
def handed_on(estimator: FunctionTransformer, x: Columns, step: Step) -> Columns:
    """A pandas table if the function keeps one, else an array; integers if it returns integers for integers."""
    read = _validated(estimator, x, step) if estimator.validate else x
    result = read if estimator.func is None else _called(estimator, x, read, step)
    if any(isinstance(part, Open) for part in x.parts):
        _note_sparse(estimator, step)
    result = Columns(result.parts, result.names, frame=True) if _makes_tables(estimator) else result
    return replace(result, further=x.further and not estimator.validate and not is_traceable(estimator.func))


def _note_sparse(estimator: FunctionTransformer, step: Step) -> None:
    """Record how the function reads sparse matrices; of a table of sparse columns NumPy makes another such table."""
    if not _reads_sparse(estimator):
        step.inputs.dense_only = step.inputs.dense_only or step.path
    if estimator.func is not None and not estimator.validate:
        step.inputs.sparse_columns = "refused"


def _reads_sparse(estimator: FunctionTransformer) -> bool:
    """Return whether a function of NumPy that is served reads a sparse matrix, which depends on SciPy's methods."""
    if is_traceable(estimator.func):  # a user's own, which is served over dense rows only
        return False
    try:
        estimator.func is None or estimator.func(csr_array([[1.0, 0.0]]), **estimator.kw_args or {})
    except (TypeError, ValueError):
        return False
    return True


def _makes_tables(estimator: FunctionTransformer) -> bool:
    """Return whether ``set_output`` converts any result to a table; without names it leaves the result unchanged."""
    return estimator.feature_names_out is not None and gives_pandas(estimator)


def _validated(estimator: FunctionTransformer, x: Columns, step: Step) -> Columns:
    """Return the array that validation makes of a table before the function reads it."""
    array = checked_array(x, estimator)
    if x.frame:
        step.inputs.joined.append(array.array())
    return array


def _called(estimator: FunctionTransformer, columns: Columns, x: Columns, step: Step) -> Columns:
    """Return the function of x, the validated form of ``columns``."""
    step.inputs.tells_integers = True
    if is_traceable(estimator.func):
        return _traced(estimator, x, step)
    name = _tracked(estimator)
    _note_integers(columns, estimator, "iub" if name is None else "b")
    whole = None if name is None else applied_to_integers(name, x, step)
    if whole is not None:
        return whole
    return _applied_to_columns(estimator, _as_array(x, step) if x.frame and gives_arrays(estimator.func) else x, step)


def _traced(estimator: FunctionTransformer, x: Columns, step: Step) -> Columns:
    """Return the columns that a user's own function returns."""
    from pretzel.importers.tracing.steps import traced  # loads the tracer, which few models need

    if x.is_sparse:
        remedy = "make the step before it give a dense one"
        raise step.refuse("func", "it is given a sparse matrix", remedy, about_input=True)
    return traced(estimator.func, "func", estimator.kw_args, x, step)


def _as_array(x: Columns, step: Step) -> Columns:
    """Return the array that NumPy makes of a table: of objects, if pandas has no other common type."""
    array = x.array()
    step.inputs.unclear.append(array)
    return Columns.of(array)


def _applied_to_columns(estimator: FunctionTransformer, x: Columns, step: Step) -> Columns:
    """Return the function of each value; a table with integers is computed column by column."""
    if is_copy(estimator.func, estimator.kw_args or {}):
        return Columns(tuple(x.settled()) if x.frame else (x.array(),), frame=x.frame)
    parts = x.settled() if x.frame else [x.array()]
    if all(part.type.is_float or part.type.layout != "dense" for part in parts) and _are_alike(parts):
        parts = [x.numbers()]
    computed_parts = tuple(_applied_to_part(estimator, part, step, by_column=x.frame) for part in parts)
    return Columns(computed_parts, frame=x.frame)


def _are_alike(parts: Sequence[Node]) -> bool:
    """Return whether all parts have one type, so that they can be computed together."""
    return len({part.type.dtype for part in parts}) == 1


def _applied_to_part(estimator: FunctionTransformer, x: Node, step: Step, *, by_column: bool) -> Node:
    function, arguments = estimator.func, estimator.kw_args
    whole = not x.type.is_float and x.type.dtype != "bool"
    read = Columns.of(x).numbers()
    if whole and (margin := largest_step(function, arguments or {})):
        read = unwrapped_or_noted(x, lambda kind: max(int(np.iinfo(kind).max) - margin, 0), step)
    result = applied(function, "func", arguments, "kw_args", read, step)
    if not whole:
        return result
    dtype = integer_result(function, arguments or {}, x)
    if dtype == x.type.dtype and keeps_whole(function, arguments or {}):
        return x
    if dtype is None and by_column and step.inputs.trial and name_of(function, {}) == "clip":
        result, dtype = ops.Cast(result, x.type.dtype), x.type.dtype
        step.inputs.doubtful.append(result)  # pandas converts integers to floats if it replaces one by a fraction
        return result
    return result if dtype is None else ops.Cast(result, dtype)


def _tracked(estimator: FunctionTransformer) -> str | None:
    """Return the NumPy function whose result type for integers is known; None for any other."""
    name = None if estimator.kw_args or estimator.func is None else integer_name(estimator.func, {})
    return name if name in TRACKED and getattr(np, name, None) is estimator.func else None


@imports(Binarizer)
def binarizer(estimator: Binarizer, x: Columns, step: Step) -> Methods:
    """One where a value is above the threshold, else zero, in the type of X."""
    node = checked(x, estimator)
    if is_sparse(node):
        raise step.refuse(
            "", "it is given a sparse matrix", "make the step before it give a dense one", about_input=True
        )
    threshold = as_compared(estimator.threshold, node.type.numpy)
    step.inputs.tells_integers = True
    dtype = x.array().type.dtype
    return {"transform": ops.Cast(ops.Threshold(node, threshold), dtype)}


def applied(function: Any, option: str, arguments: Any, arguments_option: str, x: Node, step: Step) -> Node:
    """Apply a callable option to every value of x; None is the identity."""
    if function is None:
        return x
    if is_sparse(x) and not takes_sparse(function):
        remedy = "make the step before it give a dense one"
        raise step.refuse(option, "it is given a sparse matrix", remedy, about_input=True)
    try:
        node = computed(function, x, arguments or {})
    except ArgumentError as error:
        argument, remedy = error.args
        raise step.refuse(
            arguments_option if arguments else option, f"it is not served with {argument}", remedy
        ) from None
    if node is None:
        remedy = f"use one of NumPy's or SciPy's {', '.join(names())}"
        raise step.refuse(option, "the function is not supported", remedy)
    return node


def _note_integers(x: Columns, estimator: FunctionTransformer, kinds: str) -> None:
    """Record for clients which function reads an input unchanged: NumPy may compute integers in another type."""
    name = integer_name(estimator.func, estimator.kw_args or {})
    entry = [name_of(estimator.func, estimator.kw_args or {}), "b"] if name is None else [name, kinds]
    note_reader(x, *entry, by_column=not estimator.validate)


def as_compared(value: Any, dtype: np.dtype) -> float:
    """Return a number as NumPy compares it with an array: a Python number takes the array's type."""
    return float(dtype.type(value)) if type(value) in (int, float) else float(value)


def _steps(transformer: Any) -> bool:
    """Return whether a function jumps between the values of its argument."""
    return getattr(transformer.func, "__name__", "") in JUMPS


reads_thresholds(FunctionTransformer, compares=_steps)
