"""Check of polars tables: a column is read as float64, or rejected by name.

scikit-learn converts such a table to arrays for some steps and passes it unchanged to others; polars multiplies
integers in a type of its own.  So a column is read as float64 only if no step distinguishes it, in a table or an array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.tables import array_of, is_polars
from pretzel.errors import InputError
from pretzel.plan.types import DTYPE_NAMES, NUMPY_DTYPES, is_small

Rule = Mapping[str, Any]
FLOAT = "f64"
_NAMES = {"boolean": "bool"} | {dtype.name: name for dtype, name in DTYPE_NAMES.items()}


def reject_distinguished(X: Any, names: Sequence[str], metadata: Mapping[str, Any]) -> None:
    """Reject columns of a polars table that a step reads differently from the same numbers in float64.

    ``names``: names of the inputs; one input for a table that is read as one matrix.

    Raises:
        InputError: a column is read differently; the message names the column, its type and a remedy.
    """
    if not is_polars(X):
        return
    by_kind: Mapping[str, Sequence[Rule]] = metadata.get("integers_read") or {}
    rules = [rule for kind in ("array", "table") for rule in by_kind.get(kind) or ()]
    unclear = {"inputs": metadata.get("float32_unclear") or (), "how": "float32"}
    for rule in [*rules, *_single(metadata), unclear]:
        for column in _read_by(rule["inputs"], X, names, metadata):
            _check(column, rule)
    for name, absent in (metadata.get("polars_absent") or {}).items():
        for column in _read_by([name], X, names, metadata):
            _check_absent(column, absent)


def _single(metadata: Mapping[str, Any]) -> list[Rule]:
    """Return the rule that functions compute float32 input in float32."""
    read = list(metadata.get("functions") or ())
    return [{"inputs": read, "how": "single"}] if read else []


def _read_by(read: Sequence[str], X: Any, names: Sequence[str], metadata: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the columns of these inputs, by name or by position, as the model reads tables."""
    if metadata.get("input_style") == "frame":
        yield from (X[name] for name in read if name in X.columns)
    elif metadata.get("input_style") == "positions":
        yield from (X[:, int(name)] for name in read)
    elif set(read) & set(names):
        yield from X.get_columns()


def _check(column: Any, rule: Rule) -> None:
    name = _NAMES.get(str(column.dtype).lower(), "")
    if name not in NUMPY_DTYPES or name == FLOAT:
        return
    how = rule["how"]
    if how == "type":
        same = name in rule["types"]
    elif how == "single":  # polars also converts small integers with nulls to float32, and booleans to objects
        same = name != "f32" and not (is_small(NUMPY_DTYPES[name]) and column.null_count())
    elif how == "float32":
        same = name != "f32"
    elif how == "within":
        same = name == "f32" or _is_within(column, rule["most"].get(name, 0))
    else:
        same = how == "keep" or name[0] not in "iu" or _is_single(column)
    if not same:
        raise InputError(
            f"column {column.name!r}: {column.dtype} in a polars table, for which a step computes other results than "
            "for floats; cast it to Float64, or pass a pandas table or an array"
        )


def _check_absent(column: Any, absent: str) -> None:
    """Reject the missing value of polars that the sample of a Python stage did not have: both are sent as NaN."""
    floats = str(column.dtype).startswith("Float")
    odd = column.is_nan() if absent == "null" and floats else column.is_null() if absent == "nan" else None
    if odd is not None and (odd := odd.fill_null(False)).any():
        what, sample = ("NaN", "nulls") if absent == "null" else ("null", "numbers or NaN")
        raise InputError(
            f"column {column.name!r}, row {int(odd.arg_max())}: {what} in a column that a Python stage reads, for "
            f"which the sample had {sample}; the stage distinguishes them"
        )


def _is_single(column: Any) -> bool:
    """Return whether float32 can represent each of these integers."""
    values = _as_floats(column)
    return bool(np.array_equal(values.astype(np.float32), values, equal_nan=True))


def _is_within(column: Any, most: int) -> bool:
    return not (np.abs(_as_floats(column)) > most).any()


def _as_floats(column: Any) -> np.ndarray:
    return np.asarray(array_of(column, number=True)).astype(np.float64)
