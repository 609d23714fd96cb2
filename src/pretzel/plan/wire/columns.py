"""Convert columns to and from messages: little-endian numbers and UTF-8, checked in full and not copied.

A received column shares the bytes of its message, so it is read-only.  Memory use is bounded by a small multiple of
the bytes received.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NoReturn, cast

import numpy as np

from pretzel.errors import DefinitionError, InputError
from pretzel.plan.texts import sendable
from pretzel.plan.types import DTYPE_NAMES, MAX_WIDTH, ValueType
from pretzel.plan.values import NONE, Csr, Labels, Ragged, Texts
from pretzel.v1 import values_pb2 as pb

Value = np.ndarray | Texts | Csr | Ragged | Labels

MAX_EMPTY_ROWS = 1 << 20
"""Rows without columns take no bytes, so their number has a separate bound."""

_parse = lru_cache(1024)(ValueType.parse)
_PARTS = ("lengths", "missing", "indices", "starts")
_OWN_PARTS: dict[tuple[str, bool], tuple[str, ...]] = {
    ("dense", False): (),
    ("dense", True): ("lengths", "missing"),
    ("sparse", False): ("indices", "starts"),
    ("ragged", False): ("starts",),
    ("ragged", True): ("lengths", "starts"),
}


def columns_to_proto(values: Mapping[str, Value | Sequence[str]]) -> list[pb.Column]:
    """Return the messages of several columns, in order."""
    return [column_to_proto(name, value) for name, value in values.items()]


def columns_from_proto(messages: Iterable[pb.Column]) -> dict[str, Value]:
    """Return several columns by name.

    Raises:
        InputError: one is malformed, two have the same name, or their row counts differ.
    """
    out: dict[str, Value] = {}
    rows, first = -1, ""
    for message in messages:
        if message.name in out:
            _fail(message.name, "given twice")
        if out and message.rows != rows:
            _fail(message.name, f"{message.rows} rows, but {first!r} has {rows}")
        rows, first = message.rows, first or message.name
        out[message.name] = column_from_proto(message)
    return out


def columns_to_bytes(values: Mapping[str, Value | Sequence[str]]) -> list[bytes]:
    """Return several columns, each as the bytes of its message, for a pipe or a file."""
    return [column.SerializeToString() for column in columns_to_proto(values)]


def columns_from_bytes(columns: Iterable[bytes]) -> dict[str, Value]:
    """Return the columns that :func:`columns_to_bytes` wrote.

    Raises:
        InputError: as :func:`columns_from_proto` does.
    """
    return columns_from_proto(map(pb.Column.FromString, columns))


def column_to_proto(name: str, value: Value | Sequence[str]) -> pb.Column:
    """Return the message of one column; lists and arrays of strings are packed first.

    Raises:
        InputError: the value has no wire format; the message names the column.
    """
    sendable("column name", name)
    try:
        if isinstance(value, Csr):
            return _sparse_to_proto(name, value)
        if isinstance(value, Labels):
            return _labels_to_proto(name, value)
        if isinstance(value, Ragged):
            return _ragged_to_proto(name, value)
        if not isinstance(value, (Texts, np.ndarray)):
            value = Texts.of(value)
        elif isinstance(value, np.ndarray) and value.dtype.kind in "UO" and value.ndim in (1, 2):
            value = Texts.of(value.ravel().tolist(), value.shape[1] if value.ndim == 2 else None)
        return _text_to_proto(name, value) if isinstance(value, Texts) else _dense_to_proto(name, value)
    except (InputError, UnicodeError) as error:
        raise InputError(f"column {name!r}: {error}") from None


def column_from_proto(message: pb.Column) -> Value:
    """Return the column of a message: an array, :class:`Texts`, :class:`Csr`, :class:`Ragged` or :class:`Labels`.

    Raises:
        InputError: any part does not fit the others; the message names the column.
    """
    kind = _type_of(message)
    _check_parts(message, kind)
    if kind.layout == "ragged":
        return _ragged(message, kind)
    if kind.is_text:
        return _texts(message, kind, message.rows * kind.columns, lambda text: text // kind.columns)
    if kind.layout == "sparse":
        return _sparse(message, kind)
    array = _dense(message, kind)
    return _labelled(message, kind, array) if message.HasField("labels") else array


def label_table(value: Value) -> np.ndarray | list[str]:
    """Return the labels in a column of distinct labels.

    Raises:
        InputError: it is neither one number nor one text per row, or a text is missing.
    """
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return value
    if isinstance(value, Texts) and value.width is None and value.missing is None:
        return cast(list[str], value.tolist())
    raise InputError("labels: expected one number or one text per row, none missing")


def _fail(name: str, problem: str) -> NoReturn:
    raise InputError(f"column {name[:100]!r}: {problem}")


# Sending


def _dense_to_proto(name: str, array: np.ndarray) -> pb.Column:
    if array.dtype not in DTYPE_NAMES:
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    dtype = DTYPE_NAMES.get(array.dtype)
    if dtype is None or array.ndim not in (1, 2):
        raise InputError(f"an array of {array.dtype}, {array.ndim}-d; expected numbers or texts, 1-d or 2-d")
    kind = dtype if array.ndim == 1 else f"{dtype}[{array.shape[1]}]"
    return pb.Column(name=name, type=kind, rows=len(array), data=array.tobytes())


def _text_to_proto(name: str, texts: Texts) -> pb.Column:
    return pb.Column(
        name=name,
        type=str(ValueType("str", texts.width)),
        rows=len(texts),
        data=np.ascontiguousarray(texts.data).tobytes(),
        lengths=np.ascontiguousarray(texts.lengths, "<u4").tobytes(),
        missing=b"" if texts.missing is None else np.ascontiguousarray(texts.missing, np.uint8).tobytes(),
    )


def _sparse_to_proto(name: str, matrix: Csr) -> pb.Column:
    dtype = DTYPE_NAMES.get(matrix.data.dtype.newbyteorder("<"))
    if dtype not in ("f32", "f64", "i64"):
        raise InputError(f"sparse values of {matrix.data.dtype}; expected f32, f64 or i64")
    return pb.Column(
        name=name,
        type=str(ValueType(dtype, matrix.width, "sparse")),
        rows=len(matrix),
        data=np.ascontiguousarray(matrix.data, matrix.data.dtype.newbyteorder("<")).tobytes(),
        indices=np.ascontiguousarray(matrix.indices, "<i4").tobytes(),
        starts=np.ascontiguousarray(matrix.starts, "<i8").tobytes(),
    )


def _ragged_to_proto(name: str, rows: Ragged) -> pb.Column:
    column = column_to_proto(name, rows.items)
    column.type, column.rows = str(ValueType(column.type, None, "ragged")), len(rows)
    column.starts = np.ascontiguousarray(rows.starts, "<i8").tobytes()
    return column


def _labels_to_proto(name: str, labels: Labels) -> pb.Column:
    column = _dense_to_proto(name, np.asarray(labels.codes, np.int64))
    column.labels.CopyFrom(column_to_proto("labels", labels.labels))
    return column


# Receiving


def _type_of(message: pb.Column) -> ValueType:
    try:
        kind = _parse(message.type)
    except DefinitionError as error:
        _fail(message.name, str(error))
    if not 0 <= message.rows <= (MAX_WIDTH if kind.columns else MAX_EMPTY_ROWS):
        _fail(message.name, f"{message.rows} rows of {kind} are out of range")
    return kind


def _check_parts(message: pb.Column, kind: ValueType) -> None:
    own = _OWN_PARTS[kind.layout, kind.is_text]
    for part in _PARTS:
        if part not in own and getattr(message, part):
            _fail(message.name, f"type {kind} has no {part}")
    if message.HasField("labels") and str(kind) != "i64":
        _fail(message.name, f"labels need codes of type i64, got {kind}")


def _numbers(message: pb.Column, part: str, dtype: np.dtype | type | str, count: int) -> np.ndarray:
    """Return the bytes of one part as an array of exactly ``count`` numbers, without a copy."""
    data, dtype = getattr(message, part), np.dtype(dtype)
    if len(data) != count * dtype.itemsize:
        size = f"{count} x {dtype.itemsize} = {count * dtype.itemsize}"
        _fail(
            message.name,
            f"{message.rows} rows of {message.type}: expected {size} bytes of {part}, got {len(data)}",
        )
    return np.frombuffer(data, dtype)


def _dense(message: pb.Column, kind: ValueType) -> np.ndarray:
    array = _numbers(message, "data", kind.numpy, message.rows * kind.columns)
    if kind.dtype == "bool" and (array.view(np.uint8) > 1).any():
        _fail(message.name, "a bool is neither 0 nor 1")
    return array if kind.width is None else array.reshape(message.rows, kind.width)


def _labelled(message: pb.Column, kind: ValueType, codes: np.ndarray) -> Labels:
    if message.labels.HasField("labels"):
        _fail(message.name, "labels of labels")
    try:
        table = label_table(column_from_proto(message.labels))
    except InputError as error:
        _fail(message.name, str(error))
    if len(codes) and not 0 <= codes.min() <= codes.max() < len(table):
        _fail(message.name, f"a code outside 0..{len(table) - 1}: {codes.min()}..{codes.max()}")
    return Labels(codes, table)


def _starts(message: pb.Column) -> tuple[np.ndarray, int]:
    """Return the start of each row, and the number of values."""
    starts = _numbers(message, "starts", "<i8", message.rows + 1)
    if starts[0] != 0 or starts[-1] < 0 or (starts[1:] < starts[:-1]).any():
        _fail(message.name, "starts do not rise from 0")
    return starts, int(starts[-1])


def _ragged(message: pb.Column, kind: ValueType) -> Ragged:
    starts, count = _starts(message)
    if not kind.is_text:
        return Ragged(_numbers(message, "data", kind.numpy, count), starts, is_checked=True)
    items = _texts(message, kind, count, lambda item: int(np.searchsorted(starts, item, "right")) - 1)
    return Ragged(items, starts, is_checked=True)


def _sparse(message: pb.Column, kind: ValueType) -> Csr:
    starts, count = _starts(message)
    data = _numbers(message, "data", kind.numpy, count)
    indices = _numbers(message, "indices", "<i4", count)
    if count and not 0 <= indices.min() <= indices.max() < kind.columns:
        _fail(message.name, f"a column index outside 0..{kind.columns - 1}: {indices.min()}..{indices.max()}")
    return Csr(data, indices, starts, kind.columns, is_checked=True)


def _texts(message: pb.Column, kind: ValueType, count: int, row_of: Callable[[int], int]) -> Texts:
    lengths = _numbers(message, "lengths", "<u4", count)
    data, total = message.data, int(lengths.sum(dtype=np.int64))
    if total != len(data):
        _fail(message.name, f"lengths add up to {total}, but there are {len(data)} bytes of text")
    _check_utf8(message.name, data, lengths, row_of)
    missing = _missing(message, lengths) if message.missing else None
    return Texts(np.frombuffer(data, np.uint8), lengths, missing, kind.width, is_checked=True)


def _missing(message: pb.Column, lengths: np.ndarray) -> np.ndarray:
    missing = _numbers(message, "missing", np.uint8, len(lengths))
    if (missing > NONE).any():
        _fail(message.name, f"missing holds {missing.max()}; expected 0, 1 (NaN) or 2 (None)")
    if lengths[missing.nonzero()].any():
        _fail(message.name, "a missing text has bytes")
    return missing


def _check_utf8(name: str, data: bytes, lengths: np.ndarray, row_of: Callable[[int], int]) -> None:
    """Reject invalid UTF-8, and texts that start or end inside a character."""
    if data.isascii():
        return
    starts = np.cumsum(lengths, dtype=np.int64) - lengths
    try:
        data.decode()
    except UnicodeDecodeError as error:
        text = int(np.searchsorted(starts, error.start, "right")) - 1
        _fail(name, f"row {row_of(text)}: not UTF-8 ({error.reason})")
    firsts = starts[lengths > 0]
    inside = (np.frombuffer(data, np.uint8)[firsts] & 0xC0) == 0x80
    if inside.any():
        text = int(np.searchsorted(starts, firsts[inside][0], "right")) - 1
        _fail(name, f"row {row_of(text)}: the text starts inside a character")
