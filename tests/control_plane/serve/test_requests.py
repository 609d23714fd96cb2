"""The one request of a call: bounded in time, and parsed in pieces if it is large."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from pretzel.control_plane.serve import requests
from pretzel.control_plane.serve.requests import AT_ONCE, parse_deployment, pieces
from pretzel.errors import InputError
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import plan_pb2, values_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, control_plane, definition

SERVICE = "/pretzel.v1.ControlPlaneService/"


@pytest.mark.long
@pytest.mark.parametrize("method", ["ListModels", "DeployModel"])
def test_a_call_whose_request_does_not_arrive_ends(tmp_path: Path, method: str):
    sent = threading.Event()
    with control_plane(tmp_path / "data", request_seconds=0.3) as server:
        try:
            open_ended = (b"" for _ in [None] if sent.wait(SECONDS))
            with fails("DEADLINE_EXCEEDED", "request: none arrived in 0.3 s"):
                list(server.channel.stream_stream(SERVICE + method)(open_ended, timeout=SECONDS))
        finally:
            sent.set()
        with fails("INVALID_ARGUMENT", "request: the call ended without one"):
            list(server.channel.stream_stream(SERVICE + method)(iter([]), timeout=SECONDS))
        server.deploy("m", definition(1))


texts = st.text(max_size=5)
attributes = st.builds(values_pb2.Attribute, text=texts) | st.builds(values_pb2.Attribute, integer=st.integers(-9, 9))
nodes = st.builds(plan_pb2.Node, operator=texts, attributes=st.dictionaries(texts, attributes, max_size=2))
definitions = st.builds(
    plan_pb2.Definition,
    nodes=st.lists(nodes, max_size=5),
    inputs=st.lists(st.integers(0, 1000), max_size=3),
    metadata=st.dictionaries(texts, attributes, max_size=4),
)
columns = st.builds(values_pb2.Column, name=texts, data=st.binary(max_size=20))
samples = st.builds(pb.Sample, inputs=st.lists(columns, max_size=3), outputs=st.lists(columns, max_size=3))
deployments = st.builds(
    pb.DeployModelRequest, model=texts, definition=definitions, sample=samples, wait=st.booleans(), alias=texts
)


@given(deployments, st.integers(1, 40))
def test_pieces_are_parsed_as_the_whole(message: pb.DeployModelRequest, at_once: int):
    data = message.SerializeToString() * 2  # every field repeated: they are merged
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests, "AT_ONCE", at_once)
        patch.setattr(requests, "_check_size", lambda *_: None)
        assert parse_deployment(data) == pb.DeployModelRequest.FromString(data)


@given(deployments, st.data())
def test_damaged_requests_are_malformed_or_parsed_alike(message: pb.DeployModelRequest, drawn: st.DataObject):
    data = bytearray(message.SerializeToString())
    for _ in range(drawn.draw(st.integers(1, 3))):
        if data:
            data[drawn.draw(st.integers(0, len(data) - 1))] = drawn.draw(st.integers(0, 255))
    damaged = bytes(data[: drawn.draw(st.integers(0, len(data)))])
    try:
        parsed = parse_deployment(damaged)
    except (DecodeError, InputError):
        return
    assert parsed.SerializeToString(deterministic=True) is not None


def test_a_piece_has_many_small_fields_and_no_large_one():
    made = plan_pb2.Definition(nodes=[plan_pb2.Node(operator="o" * 1000)] * 4000)
    parts = list(pieces(memoryview(made.SerializeToString()), "definition"))
    assert max(map(len, parts)) <= AT_ONCE
    assert len(parts) == 4
    large = plan_pb2.Definition(nodes=[plan_pb2.Node(operator="o" * (5 << 20))])
    with pytest.raises(InputError, match="definition: a field of 5,242,8.. bytes; at most 4,259,840 are accepted"):
        list(pieces(memoryview(large.SerializeToString()), "definition"))


def test_a_large_deployment_is_parsed_and_its_bounds_are_named(tmp_path: Path):
    request = pb.DeployModelRequest(model="m", alias="a" * (2 << 20))
    with control_plane(tmp_path / "data") as server:
        with fails("INVALID_ARGUMENT", "request: a field of 2,097,157 bytes; at most 1,048,576 are accepted"):
            list(server.control.DeployModel(request, timeout=SECONDS))
        request = pb.DeployModelRequest(model="m")
        request.definition.metadata["x"].text = "x" * (3 << 20)
        with fails("INVALID_ARGUMENT", "definition"):
            list(server.control.DeployModel(request, timeout=SECONDS))
        many = pb.DeployModelRequest(model="m", definition=plan_pb2.Definition(inputs=[0]))
        many.definition.nodes.extend([plan_pb2.Node(operator="x")] * 310_000)
        with fails("INVALID_ARGUMENT", "request: more than 300,000 fields"):
            list(server.control.DeployModel(many, timeout=SECONDS))
