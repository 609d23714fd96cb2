"""Steps that map each value of a column to fixed numbers, as tables that the library itself has filled.

Such a step returns the same numbers for the same value, whatever the other columns and rows hold.  Its ``transform`` is
called once with all values that it knows, one column at a time differing from the first row, once with values that it
does not know, and once with missing ones (if it rejects those, for each column); the answers become the rows of tables.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_THRESHOLDS
from pretzel.importers.given_forms import note_forms
from pretzel.importers.registry import Step
from pretzel.importers.rounding import is_rounded
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES

UNSEEN = "\x1f a value that was never seen \x1f"
WHOLE_FLOATS = 2**53  # float64 cannot hold every larger integer
REFUSALS = (ValueError, TypeError, KeyError)
"""The errors by which the libraries reject an unknown or a missing value."""
KINDS = "encode such a column as texts: df[column] = df[column].astype(str)"

Transform = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of a step for one row of known values, and for other values of each column."""

    base: pd.DataFrame
    known: Mapping[str, pd.DataFrame]
    """By column: a row for each of its keys."""
    unknown: Mapping[str, pd.DataFrame | None]
    """By column: one row with an unknown value in it; None if the step rejects that."""
    missing: Mapping[str, pd.DataFrame | None]


def tabulated(
    transform: Transform, keys: Mapping[str, Sequence[Any]], dtypes: Mapping[str, Any], x: Columns, step: Step
) -> Columns:
    """Return the columns of a step that maps the values of some columns to numbers, and passes the others.

    ``keys``: the known values of each mapped column, without missing ones.  ``dtypes``: of all columns, in the order
    of ``x``, as the step was fitted.
    """
    for name, values in keys.items():
        _check_kind(name, values, step)
    places = {name: i for i, name in enumerate(dtypes)}
    if any(isinstance(part, Node) and is_rounded(part) for name in keys for part in x.select([places[name]]).parts):
        step.may_differ(ROUNDED_THRESHOLDS.reason, ROUNDED_THRESHOLDS.remedy)
    answers = _asked(transform, keys, dtypes)
    sources = [_source(name, answers, keys, dtypes, step) for name in answers.base.columns]
    parts = [
        _mapped(source, [name for name, _ in run], answers, list(keys[source]), x.select([places[source]]), step)
        if source in keys
        else x.select([places[source]]).parts[0]
        for source, run in (
            (source, [*group])
            for source, group in groupby(zip(answers.base.columns, sources, strict=True), key=lambda pair: pair[1])
        )
    ]
    if not parts:
        raise step.refuse("", "it returns no column", "keep at least one column")
    return Columns(tuple(parts), frame=True)


def _asked(transform: Transform, keys: Mapping[str, Sequence[Any]], dtypes: Mapping[str, Any]) -> Answers:
    first = {name: values[0] if len(values) else np.nan for name, values in keys.items()}
    unseen = {name: _unseen(values) for name, values in keys.items()}
    absent = {name: np.nan for name in keys}
    rows = [first, *({**first, name: value} for name, values in keys.items() for value in values)]
    answered = _answered(transform, _table(rows, dtypes))
    known, at = {}, 1
    for name, values in keys.items():
        known[name], at = answered.iloc[at : at + len(values)], at + len(values)
    return Answers(
        answered.iloc[:1],
        {name: table for name, table in known.items() if len(table)},
        _answered_each(transform, first, unseen, dtypes),
        _answered_each(transform, first, absent, dtypes),
    )


def _answered_each(
    transform: Transform, first: Mapping[str, Any], others: Mapping[str, Any], dtypes: Mapping[str, Any]
) -> dict[str, pd.DataFrame | None]:
    """Return the answer for another value in each column; of all at once, unless the step rejects one of them."""
    together = _answered_or_none(transform, _table([dict(others)], dtypes))
    if together is not None:
        return dict.fromkeys(others, together)
    rows = {name: {**first, name: value} for name, value in others.items()}
    return {name: _answered_or_none(transform, _table([row], dtypes)) for name, row in rows.items()}


def _answered(transform: Transform, table: pd.DataFrame) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return transform(table)


def _answered_or_none(transform: Transform, table: pd.DataFrame) -> pd.DataFrame | None:
    try:
        return _answered(transform, table)
    except REFUSALS:
        return None


def _table(rows: list[dict[str, Any]], dtypes: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table with the columns that were fitted; those that are not mapped hold zeros."""
    columns = {name: _column([row.get(name, 0.0) for row in rows], dtype) for name, dtype in dtypes.items()}
    return pd.DataFrame(columns, columns=list(dtypes))


def _column(values: list[Any], dtype: Any) -> pd.Series:
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(values, dtype=object).astype("category")
    holds_texts = any(isinstance(value, str) for value in values)
    if holds_texts or pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
        return pd.Series(values, dtype=dtype if pd.api.types.is_string_dtype(dtype) and holds_texts else object)
    return pd.Series(values, dtype=np.float64 if any(value != value for value in values) else None)


def _unseen(values: Sequence[Any]) -> Any:
    """Return a value that differs from all of these, of their kind."""
    if not len(values) or isinstance(values[0], str):
        return UNSEEN
    return float(max(values)) + 1.0 if len(values) else 0.0


def _source(name: Any, answers: Answers, keys: Mapping[str, Any], dtypes: Mapping[str, Any], step: Step) -> Any:
    """Return the one column on which an output column depends."""
    if name in dtypes and name not in keys:
        return name
    moving = [source for source, table in answers.known.items() if _moves(table, name, answers.base)]
    if len(moving) > 1:
        reason = f"column {name!r} depends on several columns ({', '.join(map(str, moving))})"
        raise step.refuse("", reason, "encode each column separately")
    named = [source for source in keys if str(name) == str(source) or str(name).startswith(f"{source}_")]
    return (moving or sorted(named, key=lambda source: -len(str(source))) or list(keys))[0]


def _moves(table: pd.DataFrame, name: Any, base: pd.DataFrame) -> bool:
    values, fixed = table[name].to_numpy(), base[name].to_numpy()[0]
    return any(value != fixed and not (value != value and fixed != fixed) for value in values.tolist())


def _mapped(source: Any, names: list[Any], answers: Answers, keys: list[Any], column: Columns, step: Step) -> Node:
    """Return the columns ``names``, which depend on the column ``source`` alone."""
    rows = [answers.known[source][names]] if keys else []
    ends = [None if table is None else table[names] for table in (answers.unknown[source], answers.missing[source])]
    table = pd.concat([*rows, *(end for end in ends if end is not None)], ignore_index=True)
    values = table.to_numpy()
    dtype = DTYPE_NAMES.get(values.dtype)
    if dtype is None:
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError):
            raise step.refuse("", f"it returns texts in column {names[0]!r}", "encode them as numbers") from None
    count = len(keys)
    unknown = None if ends[0] is None else count
    missing = None if ends[1] is None else count + (unknown is not None)
    positions = coded(column, keys, unknown, missing, step)
    numbers = Parameter.of(np.ascontiguousarray(values[:, 0] if len(names) == 1 else values))
    return ops.Take(positions, numbers, float("nan") if numbers.dtype in ("f32", "f64") else 0.0)


def coded(column: Columns, keys: Sequence[Any], unknown: int | None, missing: int | None, step: Step) -> Node:
    """Return the position of each value among the keys, or the code of unknown or missing ones; None rejects those."""
    owner = type(step.estimator).__name__
    gate = missing is None and unknown is not None
    code = len(keys) + 1 if gate else -1 if missing is None else missing
    options: dict[str, Any] = {"nan_code": code, "none_code": code, "refuse_unknown": unknown is None}
    if not keys or isinstance(keys[0], str):
        found: Node = ops.Lookup(column.text(), Parameter.strings([str(key) for key in keys]), **options)
    else:
        number = column.number()
        if not all(isinstance(key, (bool, np.bool_)) for key in keys):
            note_forms(number, ["bool"], step.inputs)  # pandas finds no boolean among numbers
        wide = number if number.type.dtype == "f64" else ops.Cast(number, "f64")
        found = ops.Lookup(wide, Parameter.of(np.array(keys, np.float64)), **options)
    if unknown is None:
        return found
    if not gate:
        last = max(len(keys), unknown, -1 if missing is None else missing) + 1
        return ops.Take(found, Parameter.of(np.arange(last)), float(unknown))
    numbered = np.arange(code + 1, dtype=np.float64)
    numbered[code] = np.nan
    return ops.Cast(ops.RequireFinite(ops.Take(found, Parameter.of(numbered), float(unknown)), owner), "i64")


def _check_kind(name: Any, values: Sequence[Any], step: Step) -> None:
    kinds = {np.asarray(value).dtype.kind for value in values}
    if kinds <= {"U"}:
        return
    if not kinds <= set("biuf"):
        raise step.refuse("cols", f"column {name!r} holds values of several kinds, or no texts or numbers", KINDS)
    if any(abs(value) >= WHOLE_FLOATS for value in values):
        raise step.refuse("cols", f"float64 cannot hold an integer of column {name!r}", KINDS)
