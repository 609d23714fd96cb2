"""Columns of messages as the containers that a step's code takes, and what it returns as columns.

A column is a triple: its type as text (``f64[3]``, ``str``, ``f64{9}``), its rows, and its arrays: the elements; of
texts their bytes, lengths and marks of missing ones (or None); of sparse rows values, column numbers and starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from .results import typed_columns
from .tables import MASKED, FormError, as_dtype, pandas_column, pandas_table, polars_table

Column = tuple[str, int, Sequence[Any]]
DTYPES = {
    "bool": "?", "i8": "<i1", "i16": "<i2", "i32": "<i4", "i64": "<i8",
    "u8": "<u1", "u16": "<u2", "u32": "<u4", "u64": "<u8", "f32": "<f4", "f64": "<f8",
}  # fmt: skip
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}
TOKENS = "str[*]"
"""The type of lists of texts: bytes, lengths, nothing, and the start of each list."""
KIND = re.compile(r"(\w+)(?:\[(\d+)\]|\{(\d+)\})?")
NONE = 2


def parsed(kind: str) -> tuple[str, int | None, bool]:
    """Return the element, the width and whether rows are sparse, of a type."""
    match = KIND.fullmatch(kind)
    if match is None:
        raise FormError(f"type {kind!r}")
    dtype, dense, sparse = match.groups()
    width = dense if sparse is None else sparse
    return dtype, None if width is None else int(width), sparse is not None


# What a step takes


def given(takes: Mapping[str, Any], columns: Sequence[Column]) -> Any:
    """Return the container that a step takes, made of columns.

    Raises:
        FormError: a value is not of the type that the sample had there.
    """
    values = [_value(column) for column in columns]
    form, types = takes["form"], takes.get("dtypes") or []
    if form == "table":
        return pandas_table(takes["names"], values, types)
    if form == "polars":
        return polars_table(takes["names"], values, types, takes["absent"])
    if form == "series":
        return pandas_column(takes["names"][0], values[0], types[0])
    if form in ("list", "each"):
        return list(values[0])
    if form == "objects":
        parts = [np.asarray(v, object).reshape(columns[0][1], -1) for v in values]
        return np.concatenate(parts, axis=1)
    if form == "sparse":
        return _sparse(values[0], takes["container"], types[0])
    array = values[0].toarray() if hasattr(values[0], "toarray") else np.asarray(values[0], _text(types[0]))
    return array if array.dtype == object else as_dtype("", array, np.dtype(types[0]))


def _text(dtype: Any) -> Any:
    return object if dtype == "object" else None


def _value(column: Column) -> Any:
    """Return an array, a list of texts (rows of them as an array of objects), or a SciPy matrix."""
    kind, rows, arrays = column
    dtype, width, sparse = parsed(kind)
    if sparse:
        from scipy.sparse import csr_array

        data, indices, starts = arrays
        return csr_array((data, indices, starts), shape=(rows, width))
    if dtype != "str":
        return arrays[0].reshape((rows,) if width is None else (rows, width))
    texts = _texts(*arrays)
    return texts if width is None else np.array(texts, object).reshape(rows, width)


def _texts(data: np.ndarray, lengths: np.ndarray, missing: np.ndarray | None) -> list[Any]:
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    whole = data.tobytes()
    texts: list[Any] = [whole[a:b].decode() for a, b in zip([0, *ends], ends, strict=False)]
    for i in [] if missing is None else missing.nonzero()[0].tolist():
        texts[i] = None if missing[i] == NONE else float("nan")  # type: ignore[index]
    return texts


def _sparse(value: Any, container: str, dtype: str) -> Any:
    import scipy.sparse

    matrix = getattr(scipy.sparse, container)(value)
    return matrix if matrix.dtype == dtype else matrix.astype(dtype)


def called(function: Callable[[Any], Any], takes: Mapping[str, Any], data: Any) -> Any:
    """Return what a function returns for a container, or for each text of one."""
    return [function(text) for text in data] if takes["form"] == "each" else function(data)


# What a step returns


def returned_by(takes: Mapping[str, Any], result: Any) -> list[Column]:
    """Return what :func:`called` returned as columns.

    Raises:
        FormError: it has no type.
    """
    if takes["form"] != "each":
        types = takes.get("returns")
        return returned(result) if types is None else [_of_array(column) for column in typed_columns(result, types)]
    if takes["lists"]:
        return [_of_lists([list(tokens) for tokens in result])]
    _check_texts(result)
    return [("str", len(result), _packed(result))]


def _of_lists(rows: list[list[Any]]) -> Column:
    items = [item for row in rows for item in row]
    _check_texts(items)
    starts = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return TOKENS, len(rows), (*_packed(items), starts)


def _check_texts(values: Sequence[Any]) -> None:
    odd = next((value for value in values if not isinstance(value, str)), "")
    if odd != "":
        raise FormError(f"{type(odd).__name__} {odd!r:.40} for a text; texts have a type there")


def returned(result: Any) -> list[Column]:
    """Return what a step returned as columns: one, or for a table one for each run of columns of a type.

    Raises:
        FormError: it has no type.
    """
    if hasattr(result, "tocsr"):
        return [_sparse_column(result.tocsr())]
    if is_table(result):
        return list(_of_table(result))
    return [_of_array(result.to_numpy() if hasattr(result, "to_numpy") else result)]


def is_table(result: Any) -> bool:
    """Return whether this is a table of pandas or polars."""
    return hasattr(result, "columns") and (hasattr(result, "iloc") or hasattr(result, "get_columns"))


def rows_of(columns: Sequence[Column]) -> int:
    """Return the number of rows."""
    return columns[0][1] if columns else 0


def _sparse_column(matrix: Any) -> Column:
    name = NAMES.get(matrix.dtype)
    if name not in ("f32", "f64", "i64"):
        raise FormError(f"sparse values of {matrix.dtype}; f32, f64 and i64 have a type")
    matrix.sum_duplicates()
    arrays = matrix.data, matrix.indices.astype(np.int32), matrix.indptr.astype(np.int64)
    return f"{name}{{{matrix.shape[1]}}}", matrix.shape[0], arrays


def _of_table(table: Any) -> Iterator[Column]:
    if hasattr(table, "get_columns"):
        arrays = [column.to_numpy() for column in table.get_columns()]
    else:
        arrays = [_plain(table.iloc[:, i]) for i in range(table.shape[1])]
    if not arrays:
        raise FormError("a table without columns")
    for _, group in groupby(arrays, lambda array: array.dtype):
        run = list(group)
        yield _of_array(run[0] if len(run) == 1 else np.column_stack(run))


def _plain(series: Any) -> np.ndarray:
    if isinstance(series.dtype, np.dtype):
        array: np.ndarray = series.to_numpy()
        return array
    if MASKED.fullmatch(str(series.dtype)):
        raise FormError(f"column {series.name!r} of {series.dtype}; numbers of NumPy's types have a type here")
    objects: np.ndarray = series.astype(object).to_numpy()
    return objects


def _of_array(result: Any) -> Column:
    array = np.asarray(result)
    if array.ndim not in (1, 2):
        raise FormError(f"{type(result).__name__}, {array.ndim}-d; rows of numbers or texts have a type")
    width = "" if array.ndim == 1 else f"[{array.shape[1]}]"
    if array.dtype.kind in "OUS":
        return f"str{width}", len(array), _packed(array.ravel().tolist())
    name = NAMES.get(array.dtype.newbyteorder("<"))
    if name is None:
        raise FormError(f"an array of {array.dtype}, which has no type")
    return f"{name}{width}", len(array), (np.ascontiguousarray(array, DTYPES[name]),)


def _packed(values: list[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    pieces, marks = [], bytearray()
    for value in values:
        missing = value is None or (type(value).__name__ != "NAType" and value != value)
        if not missing and not isinstance(value, str):
            raise FormError(f"objects such as {type(value).__name__} {value!r:.40}; numbers or texts have a type")
        pieces.append(b"" if missing else value.encode())
        marks.append(0 if not missing else NONE if value is None else 1)
    data = np.frombuffer(b"".join(pieces), np.uint8)
    lengths = np.array([len(piece) for piece in pieces], np.uint32)
    return data, lengths, np.frombuffer(bytes(marks), np.uint8) if any(marks) else None
