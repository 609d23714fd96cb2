"""Integers as the training library reads them, where it reads them differently from floats.

A model's metadata hold the rules (``integers_read``), for arrays and for tables, each over inputs that must all hold
integers for it to apply: ``round`` them to float32, as LightGBM does; reject integers that float32 cannot represent
(``exact``), types in which the library computes other results (``type``), or integers whose product wraps around
(``within``).  A model that was deployed with integers takes only integers
of that type if floats would have other answers (``typed``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.tables import array_of, array_type, dtypes_of, is_polars, is_sparse
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription
from pretzel.plan.types import DTYPE_NAMES, NUMPY_DTYPES

SMALL = 2
"""Size in bytes of the largest integer type whose values float32 can all represent."""


def container_of(X: Any) -> str:
    """Return ``array`` or ``table``: the kind of X, for libraries that distinguish them."""
    return "table" if isinstance(X, Mapping) or hasattr(X, "columns") or _is_rows(X) else "array"


def is_nullable(values: Any) -> bool:
    """Return whether this is a pandas column of an extension type (``Int64``, ``int64[pyarrow]``), not a NumPy type."""
    return hasattr(getattr(values, "dtype", None), "na_value")


def whole_type(values: Any, *, nullable: bool = False) -> np.dtype | None:
    """Return the type of a column, an array or a table of integers; None for anything else.

    Nullable integers of pandas do not count, because libraries convert them to arrays of floats.
    ``nullable``: they count, as for functions, which pandas applies to each column separately.
    """
    if is_nullable(values) and not nullable:
        return None
    if hasattr(type(values), "dtypes") and hasattr(type(values), "iloc") and getattr(values, "ndim", 1) == 2:
        types = dtypes_of(values)
        types = [getattr(t, "numpy_dtype", t) for t in types] if nullable else types
        dtype = np.result_type(*types) if types and all(isinstance(t, np.dtype) for t in types) else None
    else:
        kind = getattr(values.dtype, "numpy_dtype", None) if is_nullable(values) else None
        dtype = kind or (values.dtype if is_sparse(values) else array_type(values))
    return dtype if isinstance(dtype, np.dtype) and dtype.kind in "iu" else None


def is_uneven(values: Any) -> bool:
    """Return whether this is a table with several column types, passed as a matrix."""
    return len(set(_types_of(values))) > 1


def as_read(
    columns: Mapping[str, Any], X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the columns of X with integers as the library reads them.

    Columns of a polars table are floats: those that a step distinguishes were rejected before.

    Raises:
        InputError: the model cannot read them so; the message names the column, the type and a remedy.
    """
    kind = container_of(X)
    listed, rules = isinstance(X, (list, tuple)), _rules(X, kind, columns, metadata)
    typed = [item for item in inputs if metadata.get("typed") and item.type.dtype in _WHOLE]
    if is_polars(X) and not typed or not rules and not typed:
        return columns
    for item in typed:
        _check_typed(item, columns[item.name], kind, metadata, as_objects=listed and metadata.get("lists") == "objects")
    checked = {item.name for item in typed}
    table = next((column for column in columns.values() if _types_of(column)), None)
    if table is not None and rules:
        _check_table(table, rules)
    for rule in rules:
        if not checked.issuperset(rule["inputs"]):
            columns = _ruled(rule, columns, listed=listed)
    return columns


_WHOLE = frozenset(name for name, dtype in NUMPY_DTYPES.items() if dtype.kind in "iu")


def _rules(X: Any, kind: str, columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if isinstance(X, (list, tuple)) and metadata.get("lists") == "objects":
        return ()  # a ColumnTransformer converts them to an array of objects, read as floats by the next step
    if metadata.get("integers") == "f32" and kind == "array":
        return ({"inputs": list(columns), "how": "round"},)
    rules: Sequence[Mapping[str, Any]] = (metadata.get("integers_read") or {}).get(kind) or ()
    return [rule for rule in rules if rule["how"] != "keep"]


def _check_typed(
    item: InputDescription, values: Any, kind: str, metadata: Mapping[str, Any], *, as_objects: bool
) -> None:
    """Reject values of another type than at deployment; lists read ``as_objects`` are floats.

    If a step computes in that type, other integer types are rejected too.
    """
    deployed = metadata["typed"]
    kind = "any" if deployed == "any" else kind
    rules = (metadata.get("integers_read") or {}).get("array" if kind == "any" else kind) or ()
    computed = [rule for rule in rules if rule["how"] == "type" and item.name in rule["inputs"]]
    dtype: Any = None if as_objects else whole_type(values, nullable=any(map(counts_nullable, computed)))
    if dtype is None and not computed and whole_type(values, nullable=True) is not None:  # read as float64
        array = np.asarray(array_of(values, number=True))
        if (array.astype(np.float32) == array.astype(np.float64)).all():
            return
    if kind == deployed and dtype is not None and (not computed or DTYPE_NAMES.get(dtype) == item.type.dtype):
        return
    expected, actual = (f"{name} of " if name != "any" else "" for name in (deployed, kind))
    raise InputError(
        f"column {item.name!r}: the model was deployed with {expected}{item.type.numpy.name}, and the answers of its "
        f"library for {actual}{dtype or getattr(values, 'dtype', 'other values')} differ; convert it, or deploy a "
        "model with a sample of that type"
    )


def _types_of(values: Any) -> list[Any]:
    """Return the column types of a table that is read as one matrix."""
    return dtypes_of(values) if hasattr(type(values), "iloc") and getattr(values, "ndim", 1) == 2 else []


def _check_table(table: Any, rules: Sequence[Mapping[str, Any]]) -> None:
    """Reject a table of several types in place of a matrix, if a step distinguishes the types of its columns."""
    types = _types_of(table)
    whole = [i for i, kind in enumerate(types) if isinstance(kind, np.dtype) and kind.kind in "iu"]
    if not whole or not is_uneven(table):
        return
    computed = [rule["types"] for rule in rules if rule["how"] == "type"]
    bounds = [rule["most"].get for rule in rules if rule["how"] == "within"]
    rounded = any(rule["how"] in ("round", "exact") for rule in rules) and len(whole) < len(types)
    for i in whole:
        values = table.iloc[:, i].to_numpy()
        odd = any(DTYPE_NAMES.get(types[i]) not in allowed for allowed in computed)
        odd |= any((np.abs(values.astype(np.float64)) > most(DTYPE_NAMES.get(types[i]), 0)).any() for most in bounds)
        if odd or (rounded and (values.astype(np.float32) != values.astype(np.float64)).any()):
            raise InputError(
                f"column {table.columns[i]!r}: {types[i]} among other types, in a table for a model that was fitted "
                "on an array, and a step reads integers differently from floats; convert the table to one type"
            )


def _ruled(rule: Mapping[str, Any], columns: Mapping[str, Any], *, listed: bool) -> Mapping[str, Any]:
    names = rule["inputs"]
    if rule.get("strict") and all(_holds_booleans(columns[name], listed) for name in names):
        _check_type(names, [np.dtype(bool)] * len(names), ())
    types = [_type_to(rule, columns[name]) for name in names]
    whole = [kind for kind in types if kind is not None]
    if len(whole) < len(names) or np.result_type(*whole).kind not in "iu":
        return columns  # with a float column, all are read as floats
    if rule["how"] == "type":
        _check_type(names, whole, [*rule["types"], "bool"])  # booleans are checked by ``functions``
        return columns
    if rule["how"] == "within":
        _check_wrapping(rule, columns, np.result_type(*whole))
        return columns
    if all(kind.itemsize <= SMALL for kind in whole):
        return columns
    rounded = {name: np.asarray(array_of(columns[name], number=True)).astype(np.float32) for name in names}
    unclear = rule.get("booleans") == "unclear" and any(may_be_integers(rule, columns[name]) for name in names)
    if rule["how"] == "exact" or rule.get("doubtful") or unclear:
        for name, array in rounded.items():
            _check_exact(name, np.asarray(array_of(columns[name], number=True)), array)
        return columns
    return {**columns, **rounded}


def _type_to(rule: Mapping[str, Any], values: Any) -> np.dtype | None:
    """Return the integer type that a rule applies to; bool if the library converts booleans to integers."""
    if may_be_integers(rule, values) and is_boolean(values):
        return np.dtype(bool)
    if not counts_nullable(rule) and is_nullable(values) and values.isna().any():
        return None  # such an array holds floats
    unclear = rule.get("booleans") == "unclear" and not hasattr(values, "columns")
    return whole_type(values, nullable=counts_nullable(rule) or unclear)


def counts_nullable(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule also covers nullable integers of pandas: a step computes each column separately."""
    return bool(rule["how"] in ("type", "within") and rule.get("nullable", rule["how"] == "type"))


def may_be_integers(rule: Mapping[str, Any], values: Any) -> bool:
    """Return whether the library reads, or may read, this column of booleans or nullable integers as integers."""
    how = rule.get("booleans")
    if not how or hasattr(values, "columns"):
        return False
    if is_nullable(values):
        return bool(how == "unclear")
    return is_boolean(values)


def is_boolean(values: Any) -> bool:
    """Return whether this is a column, an array or a table of booleans without missing values."""
    if types := _types_of(values):
        return all(isinstance(kind, np.dtype) and kind.kind == "b" for kind in types)
    dtype = values.dtype if hasattr(values, "dtype") else array_type(values)
    if is_nullable(values):
        dtype = None if values.isna().any() else getattr(dtype, "numpy_dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind == "b"


def _holds_booleans(values: Any, listed: bool) -> bool:
    """Return whether NumPy converts these values to booleans; ``listed``: they come from lists of rows."""
    if is_nullable(values):
        return False
    kind = array_type(values).kind
    return kind == "b" or (listed and kind == "O" and {*map(type, np.asarray(values, object).flat)} == {bool})


def _check_type(names: Sequence[str], types: Sequence[np.dtype], allowed: Sequence[str]) -> None:
    for name, kind in zip(names, types, strict=True):
        if DTYPE_NAMES.get(kind) not in allowed:
            raise InputError(
                f"column {name!r}: the library computes in {kind}, and the model was deployed with "
                f"floats; convert it to float64, or deploy with a sample of {kind}"
            )


def _check_wrapping(rule: Mapping[str, Any], columns: Mapping[str, Any], joined: np.dtype) -> None:
    """Reject integers whose results wrap around in ``joined``, NumPy's common type of all columns, or in their own."""
    for name in rule["inputs"]:
        own = [getattr(dtype, "numpy_dtype", dtype) for dtype in _types_of(columns[name])]
        most, kind = min((rule["most"].get(DTYPE_NAMES.get(kind), 0), kind) for kind in [joined, *own])
        values = np.asarray(array_of(columns[name], number=True))
        beyond = np.abs(values.astype(np.float64)) > most
        if beyond.any():
            row = int(np.argwhere(beyond)[0][0])
            raise InputError(
                f"column {name!r}, row {row}: the library computes in {kind}, in which results of "
                f"{values[beyond][0]} wrap around; convert it to float64"
            )


def _check_exact(name: str, values: np.ndarray, rounded: np.ndarray) -> None:
    wide = values.astype(np.float64)
    differs = (rounded.astype(np.float64) != wide) & ~np.isnan(wide)
    if differs.any():
        row = int(np.argwhere(differs)[0][0])
        raise InputError(
            f"column {name!r}, row {row}: {values[differs][0]} is not a float32, in which LightGBM reads integers, "
            "and another step reads them in float64; convert it to float64, or deploy with a sample of such integers"
        )


def _is_rows(X: Any) -> bool:
    return isinstance(X, (list, tuple)) and len(X) > 0 and isinstance(X[0], Mapping)
