"""Integers as the library that trained a model reads them, where that is otherwise than it reads floats.

A model's metadata hold the rules (``integers_read``), for arrays and for tables, each over inputs that must all hold
integers for it to apply: ``round`` them to float32, as LightGBM does; refuse those that float32 does not hold
(``exact``), types in which the library computes something else (``type``), or those of which a product wraps
(``within``).  Models that were deployed with integers
where floats are answered otherwise take those integers alone (``typed``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.tables import array_of, is_polars, is_sparse
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription
from pretzel.plan.types import DTYPE_NAMES, NUMPY_DTYPES

SMALL = 2
"""Bytes of the largest integers that float32 holds whatever they are."""


def container_of(X: Any) -> str:
    """Return ``array`` or ``table``: what a library that tells them apart takes X for."""
    return "table" if isinstance(X, Mapping) or hasattr(X, "columns") or _is_rows(X) else "array"


def is_nullable(values: Any) -> bool:
    """Whether this is a column of pandas in a type of its own (``Int64``, ``int64[pyarrow]``), not one of NumPy."""
    return hasattr(getattr(values, "dtype", None), "na_value")


def whole_type(values: Any, *, nullable: bool = False) -> np.dtype | None:
    """Return the type of a column, an array or a table of integers; None of anything else.

    Integers of pandas that may be missing are no integers here: arrays that the libraries make of them hold floats.
    ``nullable``: they are, as they are to functions, which pandas applies to each column by itself.
    """
    if is_nullable(values) and not nullable:
        return None
    if hasattr(values, "dtypes") and hasattr(values, "iloc") and getattr(values, "ndim", 1) == 2:
        types = list(values.dtypes)
        types = [getattr(t, "numpy_dtype", t) for t in types] if nullable else types
        found = np.result_type(*types) if types and all(isinstance(t, np.dtype) for t in types) else None
    else:
        kind = getattr(values.dtype, "numpy_dtype", None) if is_nullable(values) else None
        found = kind or (values.dtype if is_sparse(values) else np.asarray(values).dtype)
    return found if isinstance(found, np.dtype) and found.kind in "iu" else None


def is_uneven(values: Any) -> bool:
    """Whether this is a table of columns of several types, in the place of a matrix."""
    return len(set(_types_of(values))) > 1


def as_read(
    columns: Mapping[str, Any], X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the columns that were cut from X with integers as the library reads them.

    Those of a table of polars are floats: what a step tells apart there was refused before.

    Raises:
        InputError: it reads them as this model does not; the message names the column, the type and a remedy.
    """
    kind = container_of(X)
    listed, rules = isinstance(X, (list, tuple)), _rules(X, kind, columns, metadata)
    typed = [item for item in inputs if metadata.get("typed") and item.type.dtype in _WHOLE]
    if is_polars(X) and not typed or not rules and not typed:
        return columns
    for item in typed:
        _check_typed(item, columns[item.name], kind, metadata, as_objects=listed and metadata.get("lists") == "objects")
    known = {item.name for item in typed}
    table = next((column for column in columns.values() if _types_of(column)), None)
    if table is not None and rules:
        _check_table(table, rules)
    for rule in rules:
        if not known.issuperset(rule["inputs"]):
            columns = _ruled(rule, columns, listed=listed)
    return columns


_WHOLE = frozenset(name for name, dtype in NUMPY_DTYPES.items() if dtype.kind in "iu")


def _rules(X: Any, kind: str, columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if isinstance(X, (list, tuple)) and metadata.get("lists") == "objects":
        return ()  # a ColumnTransformer makes an array of objects of them, whose numbers are floats to the next step
    if metadata.get("integers") == "f32" and kind == "array":
        return ({"inputs": list(columns), "how": "round"},)
    rules: Sequence[Mapping[str, Any]] = (metadata.get("integers_read") or {}).get(kind) or ()
    return [rule for rule in rules if rule["how"] != "keep"]


def _check_typed(
    item: InputDescription, values: Any, kind: str, metadata: Mapping[str, Any], *, as_objects: bool
) -> None:
    """Refuse what is not of the type that the model was deployed with; lists read ``as_objects`` are floats.

    Where a step computes in that type, no other integers will do either.
    """
    deployed = metadata["typed"]
    kind = "any" if deployed == "any" else kind
    rules = (metadata.get("integers_read") or {}).get("array" if kind == "any" else kind) or ()
    computed = [rule for rule in rules if rule["how"] == "type" and item.name in rule["inputs"]]
    found: Any = None if as_objects else whole_type(values, nullable=any(map(counts_nullable, computed)))
    if found is None and not computed and whole_type(values, nullable=True) is not None:  # read as float64
        array = np.asarray(array_of(values, number=True))
        if (array.astype(np.float32) == array.astype(np.float64)).all():
            return
    if kind == deployed and found is not None and (not computed or DTYPE_NAMES.get(found) == item.type.dtype):
        return
    wanted, came = (f"{name} of " if name != "any" else "" for name in (deployed, kind))
    raise InputError(
        f"column {item.name!r}: the model was deployed with {wanted}{item.type.numpy.name}, and the library answers "
        f"{came}{found or getattr(values, 'dtype', 'other values')} otherwise; convert it, or deploy another model "
        "with a sample of that type"
    )


def _types_of(values: Any) -> list[Any]:
    """Return the types of the columns of a table that is to be read as one matrix."""
    return list(values.dtypes) if hasattr(values, "iloc") and getattr(values, "ndim", 1) == 2 else []


def _check_table(table: Any, rules: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a table of several types in the place of a matrix, where some step would tell its columns apart."""
    types = _types_of(table)
    whole = [i for i, kind in enumerate(types) if isinstance(kind, np.dtype) and kind.kind in "iu"]
    if not whole or not is_uneven(table):
        return
    computed = [rule["types"] for rule in rules if rule["how"] == "type"]
    bounds = [rule["most"].get for rule in rules if rule["how"] == "within"]
    rounded = any(rule["how"] in ("round", "exact") for rule in rules) and len(whole) < len(types)
    for i in whole:
        values = table.iloc[:, i].to_numpy()
        tells = any(DTYPE_NAMES.get(types[i]) not in allowed for allowed in computed)
        tells |= any((np.abs(values.astype(np.float64)) > most(DTYPE_NAMES.get(types[i]), 0)).any() for most in bounds)
        if tells or (rounded and (values.astype(np.float32) != values.astype(np.float64)).any()):
            raise InputError(
                f"column {table.columns[i]!r}: {types[i]} beside other types, in a table for a model that was fitted "
                "on an array, some step of which reads integers otherwise than floats; convert the table to one type"
            )


def _ruled(rule: Mapping[str, Any], columns: Mapping[str, Any], *, listed: bool) -> Mapping[str, Any]:
    names = rule["inputs"]
    if rule.get("strict") and all(_holds_booleans(columns[name], listed) for name in names):
        _check_type(names, [np.dtype(bool)] * len(names), ())
    types = [_type_to(rule, columns[name]) for name in names]
    whole = [kind for kind in types if kind is not None]
    if len(whole) < len(names) or np.result_type(*whole).kind not in "iu":
        return columns  # floats among them make floats of all
    if rule["how"] == "type":
        _check_type(names, whole, [*rule["types"], "bool"])  # what of booleans counts, ``functions`` says
        return columns
    if rule["how"] == "within":
        _check_wrapping(rule, columns, np.result_type(*whole))
        return columns
    if all(kind.itemsize <= SMALL for kind in whole):
        return columns
    rounded = {name: np.asarray(array_of(columns[name], number=True)).astype(np.float32) for name in names}
    unclear = rule.get("booleans") == "unclear" and any(stands_for_integers(rule, columns[name]) for name in names)
    if rule["how"] == "exact" or rule.get("doubtful") or unclear:
        for name, array in rounded.items():
            _check_exact(name, np.asarray(array_of(columns[name], number=True)), array)
        return columns
    return {**columns, **rounded}


def _type_to(rule: Mapping[str, Any], values: Any) -> np.dtype | None:
    """Return the type of integers that a rule is about; of booleans where the library makes integers of them."""
    if stands_for_integers(rule, values) and _is_boolean(values):
        return np.dtype(bool)
    if rule["how"] != "type" and is_nullable(values) and values.isna().any():
        return None  # an array holds floats then
    unclear = rule.get("booleans") == "unclear" and not hasattr(values, "columns")
    return whole_type(values, nullable=counts_nullable(rule) or unclear)


def counts_nullable(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule is about nullable integers of pandas too: a step computes with each column by itself."""
    return bool(rule["how"] == "type" and rule.get("nullable", True))


def stands_for_integers(rule: Mapping[str, Any], values: Any) -> bool:
    """Whether this column, of booleans or of nullable integers, is or may be one of integers to the library."""
    how = rule.get("booleans")
    if not how or hasattr(values, "columns"):
        return False
    if is_nullable(values):
        return bool(how == "unclear")
    return _is_boolean(values)


def _is_boolean(values: Any) -> bool:
    dtype = values.dtype if hasattr(values, "dtype") else np.asarray(values).dtype
    if is_nullable(values):
        dtype = None if values.isna().any() else getattr(dtype, "numpy_dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind == "b"


def _holds_booleans(values: Any, listed: bool) -> bool:
    """Whether NumPy makes an array of booleans of these alone; ``listed``: they come from lists of rows."""
    if is_nullable(values):
        return False
    array = np.asarray(values)
    return array.dtype.kind == "b" or (listed and array.dtype.kind == "O" and {*map(type, array.flat)} == {bool})


def _check_type(names: Sequence[str], types: Sequence[np.dtype], allowed: Sequence[str]) -> None:
    for name, kind in zip(names, types, strict=True):
        if DTYPE_NAMES.get(kind) not in allowed:
            raise InputError(
                f"column {name!r}: the library computes with {kind} in that type, and the model was deployed with "
                f"floats; convert it to float64, or deploy with a sample of {kind}"
            )


def _check_wrapping(rule: Mapping[str, Any], columns: Mapping[str, Any], joined: np.dtype) -> None:
    """Refuse integers of which a result would wrap in ``joined``, which NumPy makes of all columns, or in their own."""
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
