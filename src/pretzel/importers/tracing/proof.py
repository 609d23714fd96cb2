"""Proof of a trace: its operators, by their NumPy references, against the function itself on random rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pretzel.importers.tracing.constants import most_of, texts_of
from pretzel.importers.tracing.narrower import answered
from pretzel.importers.tracing.random_dates import ticks_of
from pretzel.importers.tracing.random_rows import accepted, accepts, definition_of, drawn, results_of, rows_of, table_of
from pretzel.importers.tracing.trace import FREE, Given, Result, UntracedError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.graph import topological
from pretzel.plan.node import Node

ALONE = 12
ONLY_MISSING = "Can only use .str accessor"
"""pandas' error for a batch in which a column of objects holds no text, but missing ones alone."""
ROUNDED = ("power", "arctan2", "hypot")
EXACT = ("abs", "negative", "square", "sqrt", "reciprocal", "floor", "ceil", "trunc", "rint", "sign", "isnan", "isinf")
TOLERANCE = {"f": {4: 1e-5, 8: 1e-12}}
CHANGED = "the operators differ from it; this is a function that cannot be served: compute it before the model"


def prove(function: Callable[..., Any], given: Given, result: Result) -> tuple[str, ...] | None:
    """Compare a trace with the function: on a batch, on its rows permuted, and on single rows.

    Return the types of the columns of a table.

    Raises:
        UntracedError: they differ; the message shows the row.
    """
    rng = np.random.default_rng(0)
    definition = definition_of(given, result)
    rows = drawn(given, result, rng, texts_of(function), most_of(function))
    columns, rejected = accepted(definition, rows)
    count = len(next(iter(columns.values())))
    if not count:
        raise UntracedError("the operators reject every random row", "compute it before the model")
    tolerance = 0.0 if all(map(_is_exact, topological(result.parts))) else None
    traced = results_of(definition, columns)
    batch = _called(function, given, columns, range(count))
    _compare(batch, traced, range(count), columns, result, tolerance)
    order = rng.permutation(count)
    permuted = _called(function, given, columns, order)
    _compare(permuted, [values[order] for values in traced], order, columns, result, tolerance)
    if any(isinstance(node, ops.Require) for node in topological(result.parts)):
        unanswered = Definition(dict(zip(definition.outputs, answered(result.parts), strict=True)), given.inputs)
        wrong = [row for row in rejected if not accepts(unanswered, rows_of(rows, [row]))]
        _check_rejected(function, given, rows, wrong[:ALONE])
    for i in range(min(ALONE, count)):
        try:
            alone = _called(function, given, columns, [i])
        except UntracedError as error:
            if ONLY_MISSING in error.reason:
                continue
            raise
        _compare(alone, [values[[i]] for values in traced], [i], columns, result, tolerance)
    return tuple(map(str, batch.dtypes)) if getattr(batch, "ndim", 0) == 2 and hasattr(batch, "dtypes") else None


def _check_rejected(function: Callable[..., Any], given: Given, columns: dict[str, Any], rows: Sequence[int]) -> None:
    """Check that the function, too, answers none of the rows that the operators reject."""
    for row in rows:
        try:
            _called(function, given, columns, [row])
        except UntracedError:
            continue
        reason = f"on {shown(columns, row)} it returned an answer, where its operators reject the row"
        raise UntracedError(reason, f"let missing values be filled before it, by .fillna; {FREE}")


def _called(function: Callable[..., Any], given: Given, columns: dict[str, Any], which: Any) -> Any:
    rows = rows_of(columns, which)
    x: Any = rows[given.inputs[0].column].copy()
    if given.names is not None:
        x = table_of(given, rows)
        x = x.iloc[:, 0] if given.vector else x
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return function(x)
    except Exception as error:
        reason = f"it raised {type(error).__name__} on {shown(columns, which[0])} ({error!s:.120})"
        raise UntracedError(reason, f"let it answer every row, alone and in batches; {FREE}") from error


def _compare(
    returned: Any, traced: list[np.ndarray], which: Any, columns: Any, result: Result, tolerance: float | None
) -> None:
    names, arrays = _arrays(returned)
    if (
        names != result.names
        or len(arrays) != len(traced)
        or any(a.shape != t.shape for a, t in zip(arrays, traced, strict=True))
    ):
        raise UntracedError(
            f"it returned {_form(names, arrays)} where the trace has {_form(result.names, traced)}", FREE
        )
    for array, values in zip(arrays, traced, strict=True):
        if array.dtype.kind in "iub" and values.dtype.kind == "f" and _may_be_floats(result, len(which)):
            array = array.astype(np.float64)  # as pandas has floats for a batch with a missing value only
        if array.dtype.kind != values.dtype.kind and "O" not in (array.dtype.kind, values.dtype.kind):
            raise UntracedError(f"it returned {array.dtype} where the trace has {values.dtype}", CHANGED)
        differs = _differs(array, values, tolerance)
        if differs.any():
            at = int(np.argmax(differs.reshape(len(differs), -1).any(axis=1)))
            got, want = (str(np.asarray(x[at])) for x in (values, array))
            reason = f"on {shown(columns, which[at])} it returned {want:.60}, and its operators {got:.60}"
            raise UntracedError(reason, f"compute each row from that row alone; {FREE}")


def _may_be_floats(result: Result, rows: int) -> bool:
    """Return whether pandas may have integers where a larger batch has floats, as some of its values are missing."""
    return (rows == 1 and result.names is not None) or any(
        node.type.is_text or node.type.layout == "ragged" or isinstance(node, ops.DatePart)
        for node in topological(result.parts)
    )


def _same(want: Any, got: Any) -> bool:
    """Return whether two objects are equal; missing values are."""
    if type(want).__name__ == "NAType":  # which equals no value, and which operators do not return
        return False
    if want is None or want != want:
        return got is None or got != got
    return bool(want == got)


def _differs(want: np.ndarray, got: np.ndarray, tolerance: float | None) -> np.ndarray:
    if "O" in (want.dtype.kind, got.dtype.kind):
        return ~np.array([_same(x, y) for x, y in zip(want.ravel(), got.ravel(), strict=True)], bool).reshape(
            want.shape
        )
    if want.dtype.kind != "f" or got.dtype.kind != "f":
        return np.asarray(want != got)
    if tolerance is None:
        tolerance = TOLERANCE["f"][want.dtype.itemsize]
    with np.errstate(all="ignore"):
        return np.asarray(~np.isclose(got, want, rtol=tolerance, atol=0.0, equal_nan=True))


def _arrays(returned: Any) -> tuple[tuple[Any, ...] | None, list[np.ndarray]]:
    if hasattr(returned, "to_frame"):
        return (returned.name,), [_numpy(returned)]
    if hasattr(returned, "iloc"):
        columns = [_numpy(returned.iloc[:, i]) for i in range(returned.shape[1])]
        return tuple(returned.columns), columns
    return None, [_numpy(returned)]


def _numpy(series: Any) -> np.ndarray:
    if not hasattr(series, "to_numpy"):
        array = np.asarray(series)
        return array.astype(object) if array.dtype.kind in "UT" else array
    if series.dtype.kind in "Mm":
        return ticks_of(series)
    nullable = series.dtype.kind in "iuf" and not isinstance(series.dtype, np.dtype)
    array = series.to_numpy(np.float64, na_value=np.nan) if nullable else np.asarray(series)
    return array.astype(object) if array.dtype.kind in "UT" else array


def _form(names: Any, arrays: Sequence[np.ndarray]) -> str:
    shapes = ", ".join(str(array.shape) for array in arrays[:3])
    return f"columns {list(names)} of {shapes}"[:120] if names is not None else f"an array of {shapes}"


def shown(columns: dict[str, Any], row: Any) -> str:
    """Return one row of the input, for messages."""
    values = {name: values[row] for name, values in columns.items()}
    return str({name: value.tolist() if hasattr(value, "tolist") else value for name, value in values.items()})[:160]


def _is_exact(node: Node) -> bool:
    """Return whether NumPy defines each bit of an operator's result."""
    if isinstance(node, ops.Elementwise):
        return node.function in EXACT
    if isinstance(node, ops.DatePart):
        return node.field != "ticks"
    if isinstance(node, ops.Arithmetic):
        return node.function not in ROUNDED
    return not isinstance(node, ops.Reduce)
