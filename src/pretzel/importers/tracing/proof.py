"""Proof of a trace: its operators, by their NumPy references, against the function itself on random rows."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.importers.tracing.constants import texts_of
from pretzel.importers.tracing.random_dates import as_dates, date_texts, random_ticks, ticks_of
from pretzel.importers.tracing.random_texts import random_texts
from pretzel.importers.tracing.trace import FREE, Given, Result, UntracedError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.reference import evaluate

ROWS, ALONE = 160, 12
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, 1e-9, -1e6, 1e15)
WHOLE = (0, 1, -1, 2, 7, 24, 1000, 65_000)
ONLY_MISSING = "Can only use .str accessor"
"""pandas' error for a batch in which a column of objects holds no text, but missing ones alone."""
ROUNDED = ("power", "arctan2", "hypot")
EXACT = ("abs", "negative", "square", "sqrt", "reciprocal", "floor", "ceil", "trunc", "rint", "sign", "isnan", "isinf")
TOLERANCE = {"f": {4: 1e-5, 8: 1e-12}}
CHANGED = "the operators differ from it; this is a function that cannot be served: compute it before the model"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the input, and the results of a trace for them."""

    definition: Definition
    columns: dict[str, Any]
    traced: list[np.ndarray]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values())))


def random_rows(function: Callable[..., Any], given: Given, result: Result) -> Rows:
    """Return random rows that the operators of a trace do not reject."""
    definition = _definition(given, result)
    drawn = _random(given, result, np.random.default_rng(0), texts_of(function))
    columns, _ = _accepted(definition, drawn)
    return Rows(definition, columns, _evaluated(definition, columns))


def rows_at(rows: Rows, which: Any) -> Rows:
    """Return some of the rows."""
    at = np.asarray(which, np.int64)
    return Rows(rows.definition, _rows(rows.columns, at), [values[at] for values in rows.traced])


def evaluated(definition: Definition, columns: dict[str, Any]) -> Rows | None:
    """Return rows with their results; None if the operators reject one."""
    try:
        return Rows(definition, columns, _evaluated(definition, columns))
    except InputError:
        return None


def _definition(given: Given, result: Result) -> Definition:
    return Definition({f"c{i}": node for i, node in enumerate(result.parts)}, given.inputs)


def prove(function: Callable[..., Any], given: Given, result: Result) -> None:
    """Compare a trace with the function: on a batch, on its rows permuted, and on single rows.

    Raises:
        UntracedError: they differ; the message shows the row.
    """
    rng = np.random.default_rng(0)
    definition = _definition(given, result)
    drawn = _random(given, result, rng, texts_of(function))
    columns, rejected = _accepted(definition, drawn)
    count = len(next(iter(columns.values())))
    if not count:
        raise UntracedError("the operators reject every random row", "compute it before the model")
    tolerance = 0.0 if all(map(_is_exact, topological(result.parts))) else None
    traced = _evaluated(definition, columns)
    batch = _called(function, given, columns, range(count))
    _compare(batch, traced, range(count), columns, result, tolerance)
    order = rng.permutation(count)
    permuted = _called(function, given, columns, order)
    _compare(permuted, [values[order] for values in traced], order, columns, result, tolerance)
    if any(isinstance(node, ops.Require) for node in topological(result.parts)):
        _check_rejected(function, given, drawn, rejected[:ALONE])
    for i in range(min(ALONE, count)):
        try:
            alone = _called(function, given, columns, [i])
        except UntracedError as error:
            if ONLY_MISSING in error.reason:
                continue
            raise
        _compare(alone, [values[[i]] for values in traced], [i], columns, result, tolerance)


def _check_rejected(function: Callable[..., Any], given: Given, columns: dict[str, Any], rows: Sequence[int]) -> None:
    """Check that the function, too, answers none of the rows that the operators reject."""
    for row in rows:
        try:
            _called(function, given, columns, [row])
        except UntracedError:
            continue
        reason = f"on {shown(columns, row)} it returned an answer, where its operators reject the row"
        raise UntracedError(reason, f"let missing values be filled before it, by .fillna; {FREE}")


def _random(given: Given, result: Result, rng: np.random.Generator, read: Sequence[str]) -> dict[str, Any]:
    """Return rows with special numbers, the constants of the trace and their neighbours, and texts of its function."""
    constants = _constants(result.parts)
    dates = dict(given.dates)
    return {
        node.column: random_ticks(dates[node.column], result.parts, ROWS, rng)
        if node.column in dates
        else _random_values(node, result, constants, rng, read)
        for node in given.inputs
    }


def _random_values(
    node: ops.Input, result: Result, constants: np.ndarray, rng: np.random.Generator, read: Sequence[str]
) -> Any:
    if not node.type.is_text:
        return _values(node, constants, rng)
    return date_texts(node, result.parts, ROWS, rng) or random_texts(result.parts, ROWS, rng, read)


def _constants(roots: Sequence[Node]) -> np.ndarray:
    parameters = [parameter for node in topological(roots) for parameter in node.parameters.values()]
    arrays = [parameter.array for parameter in parameters if parameter.dtype != "str"]
    numbers = [np.asarray(array, np.float64).ravel() for array in arrays if array.dtype.kind in "biuf"]
    found = np.unique(np.concatenate([*numbers, [0.0, 1.0]]))[:64]
    return np.concatenate([found, np.nextafter(found, np.inf), np.nextafter(found, -np.inf)])


def _values(node: ops.Input, constants: np.ndarray, rng: np.random.Generator) -> Any:
    kind = node.type
    shape = (ROWS,) if kind.width is None else (ROWS, kind.width)
    if kind.dtype == "bool":
        return rng.random(shape) < 0.5
    choices = [rng.integers(-3, 40, shape).astype(float), rng.lognormal(1, 2, shape), rng.normal(0, 3, shape)]
    choices += [rng.choice(constants, shape), rng.choice(np.asarray(SPECIAL if kind.is_float else WHOLE, float), shape)]
    mixed = np.choose(rng.integers(0, len(choices), shape), choices)
    mixed[:4] = np.abs(choices[0][:4]) + 1
    if kind.is_float:
        return mixed.astype(kind.numpy)
    limits = np.iinfo(kind.numpy)
    low, high = max(limits.min, -(2**20)), min(limits.max, 2**20)
    return np.clip(np.nan_to_num(mixed), low, high).astype(kind.numpy)


def _accepted(definition: Definition, columns: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """Return the rows that the operators do not reject, and the numbers of the others."""
    try:
        _evaluated(definition, columns)
    except InputError:
        kept = [i for i in range(ROWS) if _accepts(definition, _rows(columns, [i]))]
        return _rows(columns, kept), sorted({*range(ROWS)} - {*kept})
    return columns, []


def _accepts(definition: Definition, columns: dict[str, Any]) -> bool:
    try:
        _evaluated(definition, columns)
    except InputError:
        return False
    return True


def _rows(columns: dict[str, Any], which: Any) -> dict[str, Any]:
    return {
        name: [values[i] for i in which] if isinstance(values, list) else values[np.asarray(which, np.int64)]
        for name, values in columns.items()
    }


def _evaluated(definition: Definition, columns: dict[str, Any]) -> list[np.ndarray]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        values = evaluate(definition, columns)
    return [
        np.asarray(values[f"c{i}"], object if isinstance(values[f"c{i}"], list) else None) for i in range(len(values))
    ]


def _called(function: Callable[..., Any], given: Given, columns: dict[str, Any], which: Any) -> Any:
    rows = _rows(columns, which)
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


def table_of(given: Given, rows: dict[str, Any]) -> Any:
    """Return random rows as the table that a function gets."""
    assert given.names is not None
    pandas = importlib.import_module("pandas")
    dates = dict(given.dates)
    held = [_held(node, rows[node.column], dates.get(node.column)) for node in given.inputs]
    return pandas.DataFrame(dict(zip(given.names, held, strict=True)))


def _held(node: ops.Input, values: Any, form: str | None) -> Any:
    """Return random values as a pandas table holds them."""
    if form is not None:
        return as_dates(values, form)
    return _as_texts(values) if node.type.is_text else values


def _as_texts(values: list[Any]) -> Any:
    """Return a series of pandas' type of texts, also if all are missing."""
    pandas = importlib.import_module("pandas")
    return pandas.Series(values, dtype=pandas.Series(["a"]).dtype)


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
