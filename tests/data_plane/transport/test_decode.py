"""The reader of requests against protobuf's own parser: on any bytes, the same values or none."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.transport.columns import encoding
from pretzel.data_plane.transport.decode import decoded
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1 import values_pb2
from tests.fuzz.forms import PROTOBUF
from tests.fuzz.mutate import Mutator

names = st.text(st.characters(codec="utf-8"), max_size=6)
rows = st.sampled_from([0, 1, 2, 127, 128, 300, 2**31, 2**63 - 1, -1, -(2**63)])
parts = st.one_of(st.just(b""), st.binary(max_size=12), st.just(bytes(200)))
columns = st.builds(
    values_pb2.Column,
    name=names,
    type=names,
    rows=rows,
    data=parts,
    lengths=parts,
    missing=parts,
    indices=parts,
    starts=parts,
)
many_columns = st.lists(columns, max_size=3)
requests = st.builds(
    pb.PredictRequest, model=names, columns=many_columns, outputs=st.lists(names.filter(bool), max_size=3)
)
streamed = st.builds(pb.PredictStreamRequest, id=st.integers(0, 2**64 - 1), request=requests)
many = st.builds(
    pb.PredictManyRequest,
    models=st.lists(names, max_size=3),
    columns=many_columns,
    outputs=st.lists(names.filter(bool), max_size=3),
    matrix=st.booleans(),
)
MESSAGES: dict[str, tuple[type[Message], Any]] = {
    "Predict": (pb.PredictRequest, requests),
    "PredictStream": (pb.PredictStreamRequest, streamed),
    "PredictMany": (pb.PredictManyRequest, many),
}
PARTS = ("name", "type", "data", "lengths", "missing", "indices", "starts")


def values(method: str, message: Any) -> dict[str, Any]:
    """Return a message in the form of the reader."""
    request = message.request if method == "PredictStream" else message
    return {
        "id": message.id if method == "PredictStream" else 0,
        "model": list(map(_bytes, request.models)) if method == "PredictMany" else request.model.encode(),
        "columns": [{"rows": c.rows, **{part: _bytes(getattr(c, part)) for part in PARTS}} for c in request.columns],
        "outputs": list(map(_bytes, request.outputs)),
        "matrix": method == "PredictMany" and request.matrix,
    }


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def is_text(found: dict[str, Any]) -> bool:
    """Return whether all names are UTF-8: the reader leaves that to the look-up of the names."""
    model = found["model"] if isinstance(found["model"], list) else [found["model"]]
    return all(
        encoding(name) >= 0
        for name in [*model, *found["outputs"], *(c[key] for c in found["columns"] for key in ("name", "type"))]
    )


def assert_read_alike(method: str, data: bytes) -> None:
    found = decoded(method, data)
    if found is None:
        return
    try:
        message = MESSAGES[method][0].FromString(data)
    except DecodeError:
        assert not is_text(found)
        return
    assert found == values(method, message)


@pytest.mark.parametrize("method", MESSAGES)
@given(data=st.data())
def test_messages_are_read_as_they_were_written(method: str, data: st.DataObject):
    message = data.draw(MESSAGES[method][1])
    if method == "PredictStream" and not message.HasField("request"):
        return
    assert decoded(method, message.SerializeToString()) == values(method, message)


@pytest.mark.parametrize("method", MESSAGES)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_damaged_messages_are_read_as_protobuf_reads_them(method: str, data: st.DataObject, seed: int):
    one, two = (data.draw(MESSAGES[method][1]).SerializeToString() for _ in range(2))
    mutated = Mutator(Random(seed), PROTOBUF)
    for _ in range(10):
        assert_read_alike(method, mutated(one, two))


@pytest.mark.parametrize("method", MESSAGES)
@given(data=st.binary(max_size=40))
def test_any_bytes(method: str, data: bytes):
    assert_read_alike(method, data)


COLUMN = bytes([0x12, 0x02, 0x18, 0x05])
REFUSED = {
    "truncated": b"\x0a\x05m",
    "a length beyond the end": b"\x0a\xff\xff\xff\xff\x0fm",
    "a varint without end": b"\x0a" + b"\xff" * 12,
    "a group": b"\x2b\x2c",
    "field number zero": b"\x02\x00",
    "a model twice": b"\x0a\x01m\x0a\x01n",
    "a model as a number": b"\x08\x01",
    "a column as a number": b"\x10\x01",
    "rows as bytes": b"\x12\x03\x1a\x01\x05",
    "rows twice": b"\x12\x04\x18\x05\x18\x06",
    "labels": b"\x12\x02\x4a\x00",
    "outputs in two runs": b"\x1a\x01a" + COLUMN + b"\x1a\x01b",
    "a tag of more than 32 bits": b"\x8a\x80\x80\x80\x80\x01\x01m",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_unusual_messages_are_left_to_protobuf(data: bytes):
    assert decoded("Predict", data) is None


@pytest.mark.parametrize("unknown", [b"\x20\x07", b"\x21" + bytes(8), b"\x25" + bytes(4), b"\x2a\x02\xff\xff"])
def test_unknown_fields_are_skipped(unknown: bytes):
    inner = COLUMN[2:] + b"\x50\x07"
    data = unknown + b"\x0a\x01m" + unknown + bytes([0x12, len(inner)]) + inner + unknown
    found = decoded("Predict", data)
    assert found == values("Predict", pb.PredictRequest.FromString(data))


def test_field_numbers_are_those_of_the_messages():
    numbers = {field.name: field.number for field in values_pb2.Column.DESCRIPTOR.fields}
    assert numbers == {name: i for i, name in enumerate(("name", "type", "rows", *PARTS[2:], "labels"), 1)}


@given(st.one_of(st.binary(max_size=200), st.text(st.characters(codec="utf-8"), max_size=80).map(str.encode)))
def test_texts_are_checked_as_python_decodes_them(data: bytes):
    try:
        data.decode()
        valid = True
    except UnicodeDecodeError:
        valid = False
    assert encoding(data) == (1 if data.isascii() else 0 if valid else -1)


@pytest.mark.parametrize("first", [0xC1, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5])
def test_every_second_byte(first: int):
    for second in range(256):
        for rest in (b"", b"\x80", b"\x80\x80", b"\xbf\xbfa", b"a"):
            test_texts_are_checked_as_python_decodes_them.hypothesis.inner_test(bytes([first, second]) + rest)
