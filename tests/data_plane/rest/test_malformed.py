"""Malformed requests: whatever comes, the answer is a refusal by name, and the worker serves on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.data_plane.rest.http.limits import Limits
from pretzel.data_plane.rest.http.messages import Request
from pretzel.data_plane.rest.http.reading import Reader, Rejection
from pretzel.data_plane.rest.infer_requests import read
from pretzel.errors import InputError
from tests.data_plane.rest.served import Worker

NAMES = st.sampled_from(["X", "size", "kind", "note", "name", "shape", "data", "datatype", "parameters", "a", ""])
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=4)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4))
DATATYPES = st.sampled_from(["FP64", "FP32", "FP16", "BF16", "INT8", "INT64", "UINT64", "BOOL", "BYTES", "X", ""])
SHAPES = st.lists(st.integers(-1, 4), max_size=3)
DATA = st.lists(SCALARS, max_size=16) | st.lists(st.lists(SCALARS, max_size=4), max_size=4) | VALUES


def fields(**strategies: Any) -> Any:
    """Objects with some of these fields, each right or not."""
    return st.fixed_dictionaries({}, optional={name: each | VALUES for name, each in strategies.items()})


PARAMETERS = fields(
    content_type=st.sampled_from(["pd", "np", "str", "a"]),
    binary_data_size=st.integers(-1, 40),
    binary_data_output=st.booleans(),
    binary_data=st.booleans(),
    classification=st.integers(-1, 3),
    timeout=st.integers(),
    priority=st.integers(),
    shared_memory_region=st.text(max_size=2),
)
TENSORS = fields(name=NAMES, datatype=DATATYPES, shape=SHAPES, data=DATA, parameters=PARAMETERS)
OUTPUTS = fields(name=st.sampled_from(["predict", "predict_proba", "a"]), parameters=PARAMETERS)
REQUESTS = fields(id=st.text(max_size=3), parameters=PARAMETERS, inputs=st.lists(TENSORS), outputs=st.lists(OUTPUTS))
SPLIT = fields(columns=st.lists(NAMES), data=st.lists(st.lists(SCALARS)))
ROWS = st.lists(st.dictionaries(NAMES, VALUES), max_size=4) | st.lists(VALUES, max_size=4)
SCORED = fields(dataframe_split=SPLIT, dataframe_records=ROWS, instances=ROWS, inputs=VALUES, params=VALUES)
PREDICTED = fields(rows=ROWS, outputs=st.lists(st.sampled_from(["predict", "transform", "a"])))
MODELS = st.sampled_from(["wine", "table", "text", "terms", "frame", "echo"])


@given(REQUESTS, st.binary(max_size=40), st.none() | st.integers(0, 200))
@settings(max_examples=60)
def test_requests_for_inference_are_read_or_refused(value: Any, more: bytes, header: int | None):
    body = json.dumps(value).encode() + (more if header is not None else b"")
    try:
        asked = read(body, None if header is None else min(header, len(body)), "m", "")
    except InputError as error:
        assert str(error)
    else:
        asked.message.SerializeToString()


@given(MODELS, REQUESTS)
@settings(max_examples=60)
def test_inference(worker: Worker, model: str, value: Any):
    answer = worker.post(f"/v2/models/{model}/infer", value)
    assert answer.status in (200, 400, 404, 409), answer.body
    assert answer.status == 200 or answer.error


@given(MODELS, PREDICTED | VALUES)
@settings(max_examples=60)
def test_predictions(worker: Worker, model: str, value: Any):
    answer = worker.post(f"/v1/models/{model}:predict", value)
    assert answer.status in (200, 400), answer.body


@given(MODELS, SCORED | VALUES)
@settings(max_examples=60)
def test_invocations(worker: Worker, model: str, value: Any):
    answer = worker.post("/invocations", value, x_pretzel_model=model)
    assert answer.status in (200, 400), answer.body


@given(st.text(max_size=200) | st.lists(st.lists(st.sampled_from(["1", "x", "", '"', "nan", "size"]))).map(str))
@settings(max_examples=100)
def test_csv(worker: Worker, text: str):
    for body in (text, text.replace("], [", "\n").strip("[]")):
        answer = worker.post("/invocations", body.encode(), content_type="text/csv", x_pretzel_model="table")
        assert answer.status == 400 or (answer.status == 200 and answer.json["predictions"])


PIECES = st.sampled_from(
    [
        b"GET /v2 HTTP/1.1\r\n",
        b"POST /invocations HTTP/1.1\r\n",
        b"Host: a\r\n",
        b"\r\n",
        b"Content-Length: 3\r\n",
        b"abc",
    ]
    + [
        b"Transfer-Encoding: chunked\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"Expect: 100-continue\r\n",
        b"\n",
        b"\0",
        b"X: ",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=5), max_size=20), st.integers(1, 50))
@settings(max_examples=200)
def test_bytes_of_a_connection(pieces: list[bytes], cut: int):
    """The same requests come out however the bytes are cut, and nothing stays counted."""
    data = b"".join(pieces)
    whole, pieced = parsed([data]), parsed([data[at : at + cut] for at in range(0, len(data), cut)])
    assert whole == pieced


def parsed(parts: list[bytes]) -> tuple[list[tuple[str, str, bytes]], int | None]:
    found: list[Request] = []
    held = [0]

    def hold(size: int) -> None:
        held[0] += size

    reader, status = Reader(Limits(), found.append, hold), None
    try:
        for part in parts:
            if part:
                reader.feed(part)
    except Rejection as rejection:
        status = rejection.status
    reader.release()
    assert held[0] == sum(request.held for request in found) == sum(len(request.body) for request in found)
    return [(request.method, request.path, request.body) for request in found], status


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_nesting(worker: Worker, depth: int):
    body = b'{"inputs": ' + b"[" * depth + b"]" * depth + b"}"
    for path in ("/v2/models/wine/infer", "/invocations", "/v1/models/wine:predict"):
        assert worker.post(path, body, content_type="application/json", x_pretzel_model="wine").status == 400
    words = body.replace(b"]", b"NaN]", 1)  # read by the slower parser
    assert worker.post("/v2/models/wine/infer", words).status == 400
    assert worker.get("/v2/health/live").status == 200
