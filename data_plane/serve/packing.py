"""Serialize responses on the thread that ran the request, because a large one must not hold the event loop.

protobuf copies a message three times on its way to the wire, each time under the GIL.  Here the message is written
once, in the layout of protobuf, and the numbers are copied without the GIL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.data_plane.residency.routes import Route
from pretzel.data_plane.scheduling.memory import too_large
from pretzel.data_plane.transport.parts import Part, delimited, field_head, length
from pretzel.kernels.joining import joined
from pretzel.plan.types import DTYPE_NAMES
from pretzel.plan.values import Labels
from pretzel.plan.wire import column_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1 import values_pb2

LARGE = 1 << 18
"""Size in bytes from which a response is written here."""
_DATA = values_pb2.Column.DESCRIPTOR.fields_by_name["data"].number
_LABELS = values_pb2.Column.DESCRIPTOR.fields_by_name["labels"].number
_COLUMNS = pb.PredictResponse.DESCRIPTOR.fields_by_name["columns"].number
_STREAMED = pb.PredictStreamResponse.DESCRIPTOR.fields_by_name["response"].number
_RESULTS = pb.PredictManyResponse.DESCRIPTOR.fields_by_name["results"].number
_RESULT = pb.ModelResult.DESCRIPTOR.fields_by_name["response"].number
Answer = pb.PredictResponse | bytes
"""Response of one model: a message, or the bytes of a large one."""


class Packer:
    """Packs the outputs of one model into a response; one that is too large is rejected before it is copied."""

    def __init__(self, route: Route, most_bytes: int) -> None:
        self._route, self._most_bytes = route, most_bytes

    def __call__(self, results: Mapping[str, Any]) -> Answer:
        """Return the response with these outputs.

        Raises:
            ExhaustedError: the response exceeds the largest message.
        """
        version, tables = self._route.version, self._route.entry.tables
        head = pb.PredictResponse(model=version.model, version=version.version)
        if sum(map(value_bytes, results.values())) < LARGE:
            head.columns.extend(column_of(name, value, tables) for name, value in results.items())
            return head
        parts: list[Part] = [head.SerializeToString()]
        for name, value in results.items():
            parts += delimited(_COLUMNS, list(_column(name, value, tables)))
        size = sum(map(length, parts))
        if size > self._most_bytes:
            raise too_large(size, self._most_bytes)
        return joined(parts)


def value_bytes(value: Any) -> int:
    """Return the approximate bytes of an output."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Labels):
        return value.codes.nbytes
    return int(value.data.nbytes)


def column_of(name: str, value: Any, tables: dict[str, values_pb2.Column]) -> values_pb2.Column:
    """Return the message of one output; the table of labels is the same for every call and is packed once."""
    if not isinstance(value, Labels):
        return column_to_proto(name, value)
    column = column_to_proto(name, value.codes)
    column.labels.CopyFrom(label_table(name, value, tables))
    return column


def streamed(request: int, answer: Answer) -> pb.PredictStreamResponse | bytes:
    """Return a response as a message of a stream."""
    if isinstance(answer, pb.PredictResponse):
        return pb.PredictStreamResponse(id=request, response=answer)
    head = pb.PredictStreamResponse(id=request).SerializeToString()
    return joined([head, *delimited(_STREAMED, [answer])])


def result_of(answer: Answer) -> bytes:
    """Return the bytes of a response as one of many results."""
    if isinstance(answer, pb.PredictResponse):
        return pb.ModelResult(response=answer).SerializeToString()
    return joined(delimited(_RESULT, [answer]))


def result_field(result: bytes) -> list[Part]:
    """Return a result as parts of a response for many models."""
    return [field_head(_RESULTS, len(result)), result]


def serialized(write: Any) -> Any:
    """Return a serializer that passes bytes through."""
    return lambda message: message if type(message) is bytes else write(message)


def label_table(name: str, value: Labels, tables: dict[str, values_pb2.Column]) -> values_pb2.Column:
    """Return the message of an output's labels, the same for every call."""
    if name not in tables:
        tables[name] = column_to_proto("labels", value.labels)
    return tables[name]


def _column(name: str, value: Any, tables: dict[str, values_pb2.Column]) -> Iterator[Part]:
    """Yield the parts of a column's message; dense numbers are not copied, the rest is small or rare."""
    numbers = value.codes if isinstance(value, Labels) else value
    if isinstance(numbers, np.ndarray) and numbers.dtype in DTYPE_NAMES and numbers.ndim in (1, 2):
        yield from numbers_of(name, [value], tables)
    else:
        yield column_to_proto(name, value).SerializeToString()


def numbers_of(name: str, values: Sequence[Any], tables: dict[str, values_pb2.Column]) -> Iterator[Part]:
    """Yield the parts of one column with the rows of several values: dense numbers alike, or codes of one table."""
    arrays = [np.ascontiguousarray(value.codes if isinstance(value, Labels) else value) for value in values]
    kind = DTYPE_NAMES[arrays[0].dtype]
    kind = kind if arrays[0].ndim == 1 else f"{kind}[{arrays[0].shape[1]}]"
    yield values_pb2.Column(name=name, type=kind, rows=sum(map(len, arrays))).SerializeToString()
    yield from delimited(_DATA, list(arrays))
    if isinstance(values[0], Labels):
        yield from delimited(_LABELS, [label_table(name, values[0], tables).SerializeToString()])
