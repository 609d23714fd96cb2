"""The reader of requests for inference against protobuf's own parser: on any bytes, the same values or none."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.oip.decode import decoded
from pretzel.data_plane.transport.columns import encoding
from pretzel.inference import service_pb2 as pb
from tests.fuzz.forms import PROTOBUF
from tests.fuzz.mutate import Mutator

names = st.text(st.characters(codec="utf-8"), max_size=6)
sizes = st.sampled_from([0, 1, 2, 127, 128, 300, 2**31, 2**63 - 1, -1, -(2**63)])
parts = st.one_of(st.just(b""), st.binary(max_size=12), st.just(bytes(200)))
tensors = st.lists(st.tuples(names, names, st.lists(sizes, min_size=1, max_size=2), parts), max_size=3)


@st.composite
def requests(draw: st.DrawFn) -> pb.ModelInferRequest:
    message = pb.ModelInferRequest(model_name=draw(names), model_version=draw(names), id=draw(names))
    for name, datatype, shape, data in draw(tensors):
        message.inputs.add(name=name, datatype=datatype, shape=shape)
        message.raw_input_contents.append(data)
    message.outputs.extend(
        pb.ModelInferRequest.InferRequestedOutputTensor(name=name)
        for name in draw(st.lists(names.filter(bool), max_size=3))
    )
    return message


def values(message: pb.ModelInferRequest) -> dict[str, Any]:
    """Return a message in the form of the reader."""
    pairs = zip(message.inputs, message.raw_input_contents, strict=True)
    return {
        "head": [part.encode() for part in (message.model_name, message.model_version, message.id)],
        "tensors": [
            (tensor.name.encode(), tensor.datatype.encode(), *(*tensor.shape, 1)[:2], data) for tensor, data in pairs
        ],
        "outputs": [output.name.encode() for output in message.outputs],
    }


def is_text(found: dict[str, Any]) -> bool:
    """Return whether all names are UTF-8: the reader leaves that to the look-up of the names."""
    read = [*found["head"], *found["outputs"], *(part for tensor in found["tensors"] for part in tensor[:2])]
    return all(encoding(name) >= 0 for name in read)


def assert_read_alike(data: bytes) -> bool:
    """Fail unless the reader reads what protobuf does, or nothing; return whether it read the message."""
    found = decoded(data)
    if found is None:
        return False
    try:
        message = pb.ModelInferRequest.FromString(data)
    except DecodeError:
        assert not is_text(found)
        return False
    assert not message.parameters
    assert not any(tensor.parameters or tensor.HasField("contents") for tensor in message.inputs)
    assert not any(output.parameters for output in message.outputs)
    assert found == values(message)
    return True


@given(requests())
def test_messages_are_read_as_they_were_written(message: pb.ModelInferRequest):
    assert decoded(message.SerializeToString()) == values(message)


@given(requests(), requests(), st.integers(0, 2**32))
def test_damaged_messages_are_read_as_protobuf_reads_them(
    one: pb.ModelInferRequest, two: pb.ModelInferRequest, seed: int
):
    mutated = Mutator(Random(seed), PROTOBUF)
    for _ in range(10):
        assert_read_alike(mutated(one.SerializeToString(), two.SerializeToString()))


@given(st.binary(max_size=40))
def test_any_bytes(data: bytes):
    assert_read_alike(data)


NAME = b"\x0a\x01x"
SHAPE = b"\x1a\x02\x03\x01"


def tensor(inner: bytes) -> bytes:
    return bytes([0x2A, len(inner)]) + inner + b"\x3a\x00"


REFUSED = {
    "truncated": b"\x0a\x05m",
    "a group": b"\x43\x44",
    "a model twice": b"\x0a\x01m\x0a\x01n",
    "a version twice": b"\x12\x011\x12\x012",
    "an id twice": b"\x1a\x01a\x1a\x01b",
    "an id that is not UTF-8": b"\x1a\x01\xff",
    "a parameter": b"\x22\x00",
    "a model as a number": b"\x08\x01",
    "contents before their tensor": b"\x3a\x00" + tensor(SHAPE)[:-2],
    "fewer contents": tensor(SHAPE)[:-2],
    "more contents": tensor(SHAPE) + b"\x3a\x00",
    "a tensor between contents": tensor(SHAPE) * 2,
    "a tensor without a shape": tensor(NAME),
    "a tensor of no dimension": tensor(b"\x1a\x00"),
    "a tensor of three dimensions": tensor(b"\x1a\x03\x01\x01\x01"),
    "a size that is cut off": tensor(b"\x1a\x02\x01\x80"),
    "a shape that is not packed": tensor(b"\x18\x03\x18\x01"),
    "a shape twice": tensor(SHAPE + SHAPE),
    "a name twice": tensor(NAME + NAME + SHAPE),
    "a parameter of a tensor": tensor(SHAPE + b"\x22\x00"),
    "typed contents": tensor(SHAPE + b"\x2a\x00"),
    "outputs in two runs": b"\x32\x03\x0a\x01a" + tensor(SHAPE) + b"\x32\x03\x0a\x01b",
    "an output without a name": b"\x32\x00",
    "an output with a parameter": b"\x32\x05\x0a\x01a\x12\x00",
    "an output with two names": b"\x32\x06\x0a\x01a\x0a\x01b",
    "a malformed output": b"\x32\x02\x0a\x09",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_unusual_messages_are_left_to_protobuf(data: bytes):
    assert decoded(data) is None


@pytest.mark.parametrize("unknown", [b"\x40\x07", b"\x41" + bytes(8), b"\x45" + bytes(4), b"\x4a\x02\xff\xff"])
def test_unknown_fields_are_skipped(unknown: bytes):
    data = unknown + b"\x0a\x01m" + unknown + tensor(NAME + unknown + SHAPE) + unknown
    assert assert_read_alike(data)


def test_field_numbers_are_those_of_the_messages():
    names = ("model_name", "model_version", "id", "parameters", "inputs", "outputs", "raw_input_contents")
    fields = pb.ModelInferRequest.DESCRIPTOR.fields
    assert {field.name: field.number for field in fields} == {name: i for i, name in enumerate(names, 1)}
    parts = ("name", "datatype", "shape", "parameters", "contents")
    fields = pb.ModelInferRequest.InferInputTensor.DESCRIPTOR.fields
    assert {field.name: field.number for field in fields} == {name: i for i, name in enumerate(parts, 1)}
