"""Requests and results of the usual calls: a few rows, as an array of the model's own type, a list of texts or a table.

A shortcut is prepared once for a method of a model.  It gives exactly what the general conversion gives
(:mod:`pretzel.adapters`), or None for anything that is not usual.  It works on the bytes of messages with few calls of
other libraries: their code has left the processor's caches while the client waited for the last response, so each call
costs many times what it costs in a loop.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.inputs import DECIDES, read_by, style_of
from pretzel.adapters.results import result_of, table_of
from pretzel.client.tables import KnownTables, Parts, texts_to_bytes
from pretzel.plan.forms import has_form
from pretzel.plan.model import InputDescription, ModelDescription
from pretzel.plan.multioutput import SQUARE
from pretzel.plan.types import ValueType
from pretzel.plan.values import Labels
from pretzel.plan.wire import Value, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1 import values_pb2

ROWS, BYTES = 64, 1 << 16
"""Largest request and response that are usual."""
LABELS = 256
"""Responses of one label that are remembered whole."""
NUMBERS = frozenset({"f32", "f64", "i32", "i64"})
_OF_OTHERS = {
    *("feature_names", "input_names", "input_style", "dictionary_nulls", "order", "order_names", "in_order", "lists"),
    *("without_categories", "float32_unclear", "spaces", "columns", "byte_order"),
    *("dense_only", "stored_nan"),
    *("kept", "compared", "without_booleans", "without_na", "without_others", "others"),
    *("index", "rejected_types"),
}
"""Metadata that concern neither arrays of the model's own type nor lists of texts."""
_OF_NEITHER = {"matrix": _OF_OTHERS, "texts": {*_OF_OTHERS, "decodes"}}
_COLUMN, _ROWS, _DATA, _LENGTHS = b"\x12", b"\x18", b"\x22", b"\x2a"
"""Tags of the fields, which come after those that stay the same."""

Encoded = tuple[int, bytes, bytes]
"""Rows, data and lengths of a column."""
Encode = Callable[[Any], Encoded | None]


class Shortcut:
    """The usual calls of one method of one model."""

    def __init__(self, model: str, method: str, description: ModelDescription, outputs: Sequence[str]) -> None:
        self._model, self.description, self.outputs = model, description, list(outputs)
        inputs, metadata = read_by(method, description.inputs, description.version.metadata)
        self._encode = _encoder(inputs, metadata)
        named = (values_pb2.Column(name=item.name, type=str(item.type)) for item in inputs)
        self._named = [column.SerializeToString() for column in named]
        self._tables = KnownTables(inputs, metadata, BYTES)
        self._head = pb.PredictRequest(model=model).SerializeToString()
        self._tail = pb.PredictRequest(outputs=outputs).SerializeToString()
        self._results: dict[int, _Result] = {}
        self._labels: dict[bytes, np.ndarray] = {}
        self._is_usual = len(outputs) == 1 and method != SQUARE and not has_form(outputs[0], metadata)
        self._classes_dtype = metadata.get("classes_dtype")

    def request(self, X: Any) -> bytes | None:
        """Return the message for X."""
        encoded = self._encode(X)
        if encoded is None:
            parts = self._tables.parts(X)
            return None if parts is None else self._message(parts)
        rows, data, lengths = encoded
        return self._message((rows, [(data, lengths)]))

    def learn_table(self, X: Any, columns: Mapping[str, Any]) -> None:
        """Learn the layout of a table, of which the general conversion made these columns."""

        def message() -> bytes:
            request = pb.PredictRequest(model=self._model, columns=columns_to_proto(columns), outputs=self.outputs)
            return request.SerializeToString()

        self._tables.learn(X, message, self._message)

    def _message(self, parts: Parts) -> bytes:
        rows, columns = parts
        message = self._head
        for named, (data, lengths) in zip(self._named, columns, strict=True):
            column = named + _ROWS + _varint(rows)
            if data:
                column += _DATA + _varint(len(data)) + data
            if lengths:
                column += _LENGTHS + _varint(len(lengths)) + lengths
            message += _COLUMN + _varint(len(column)) + column
        return message + self._tail

    def result(self, response: bytes) -> np.ndarray | None:
        """Return the result in a response that equals an earlier one, or differs only in its numbers."""
        labels = self._labels.get(response)
        if labels is not None:
            return labels.copy()
        known = self._results.get(len(response))
        return known.read(response) if known is not None else None

    def learn(self, response: bytes, parsed: pb.PredictResponse, values: Mapping[str, Value]) -> None:
        """Learn the form of a response that was read in the general way."""
        if not self._is_usual or len(response) > BYTES or len(parsed.columns) != 1:
            return
        value = values[self.outputs[0]]
        if isinstance(value, Labels) and len(value) == 1:
            if len(self._labels) < LABELS:
                self._labels[response] = result_of(value, self._classes_dtype)
        elif len(self._results) < ROWS:
            known = _learned(response, parsed, value, self._classes_dtype)
            if known is not None:
                self._results[len(response)] = known


def _varint(number: int) -> bytes:
    return bytes((number,)) if number < 128 else bytes((number & 127 | 128,)) + _varint(number >> 7)


def _unusual(X: Any) -> None:
    return None


def _encoder(inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> Encode:
    style = style_of(inputs, metadata)
    if len(inputs) != 1 or {key for key in DECIDES if metadata.get(key)} - _OF_NEITHER.get(style, set()):
        return _unusual
    kind = inputs[0].type
    if style == "texts" and kind == ValueType("str"):
        return _texts
    dense = style == "matrix" and kind.layout == "dense" and kind.dtype in NUMBERS
    return _numbers(kind.numpy, kind.width) if dense and kind.width else _unusual


def _numbers(dtype: np.dtype, width: int) -> Encode:
    most = min(ROWS, BYTES // (width * dtype.itemsize))

    def encode(X: Any) -> Encoded | None:
        if type(X) is not np.ndarray or (X.dtype is not dtype and X.dtype != dtype) or X.ndim != 2:
            return None
        rows, columns = X.shape
        return (rows, X.tobytes(), b"") if columns == width and 0 < rows <= most else None

    return encode


def _texts(X: Any) -> Encoded | None:
    if type(X) is not list or not 0 < len(X) <= ROWS:
        return None
    encoded = texts_to_bytes(X)
    return None if encoded is None or len(encoded[0]) > BYTES else (len(X), *encoded)


class _Result:
    """The form of a response: all of its bytes but the numbers of its one column."""

    def __init__(self, head: bytes, tail: bytes, like: np.ndarray, table: np.ndarray | None) -> None:
        self._head, self._tail, self._table = head, tail, table
        self._start, self._end = len(head), len(head) + like.nbytes
        self._dtype, self._shape, self._codes = like.dtype, like.shape, struct.Struct(f"<{len(like)}q")

    def read(self, response: bytes) -> np.ndarray | None:
        if not response.startswith(self._head) or not response.endswith(self._tail):
            return None
        data = response[self._start : self._end]
        if self._table is None:
            return np.ndarray(self._shape, self._dtype, bytearray(data))  # the caller's own memory
        codes = self._codes.unpack(data)
        if min(codes) < 0 or max(codes) >= len(self._table):
            return None
        return self._table.take(codes)


def _learned(response: bytes, parsed: pb.PredictResponse, value: Value, classes_dtype: str | None) -> _Result | None:
    """Return the form of a response; None if it holds more than numbers, or not in the usual order."""
    table = table_of(value.labels, classes_dtype) if isinstance(value, Labels) else None
    numbers = value.codes if isinstance(value, Labels) else value
    if not isinstance(numbers, np.ndarray) or numbers.dtype.name not in ("float32", "float64", "int32", "int64"):
        return None
    data = parsed.columns[0].data
    other = pb.PredictResponse.FromString(response)
    other.columns[0].data = bytes(byte ^ 255 for byte in data)  # differs in every byte
    altered = other.SerializeToString()
    start = next((i for i, (one, two) in enumerate(zip(response, altered, strict=False)) if one != two), 0)
    head, tail = response[:start], response[start + len(data) :]
    if not data or head + data + tail != response or head + other.columns[0].data + tail != altered:
        return None
    return _Result(head, tail, numbers, table)
