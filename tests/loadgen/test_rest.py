"""The Open Inference Protocol over REST: prepared requests, every form of answer, failures by status."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import InputError, NotFoundError, UnavailableError
from pretzel.loadgen.calls import Request
from pretzel.loadgen.measuring import Measurement, measure
from pretzel.loadgen.mix import Sizes
from pretzel.loadgen.protocols import inference
from pretzel.loadgen.protocols.tensors import Tensor, read_tensors
from pretzel.loadgen.schedule import Load
from pretzel.loadgen.server import Server
from pretzel.loadgen.tally import Tally
from pretzel.loadgen.transports.answers import Answer, MalformedAnswer
from pretzel.loadgen.transports.http1 import Http1Transport
from pretzel.targets import Tls
from tests.loadgen.echoing import run
from tests.loadgen.rest import serving

LOAD = Load(seconds=0.2, warm_up=0, rate=200, arrivals="even", timeout=20)


async def loaded(model: str, load: Load = LOAD, connections: int = 4) -> Tally:
    async with serving() as (_, port):
        transport = Http1Transport(Server(f"127.0.0.1:{port}", Tls(), load.timeout), connections)
        return await run(transport, [Request(model, 1, f"/v2/models/{model}/infer", b"{}")], load)


@pytest.mark.parametrize("model", ["m", "chunks", "close"])
async def test_every_form_of_answer(model: str):
    assert (await loaded(model)).statuses == {"OK": 40}


@pytest.mark.parametrize(
    ("model", "status", "message"),
    [
        ("full", "HTTP 503", "full"),
        ("garbage", "UNAVAILABLE", "the answer is not HTTP/1.1"),
        ("cut", "UNAVAILABLE", "the connection was lost"),
    ],
)
async def test_failures(model: str, status: str, message: str):
    tally = await loaded(model)
    assert tally.statuses == {status: 40}
    assert message in tally.messages[status]


async def test_a_server_that_hangs_ends_the_run_in_bounded_time():
    load = Load(seconds=0.2, warm_up=0, rate=100, arrivals="even", timeout=0.3)
    async with asyncio.timeout(10):
        assert (await loaded("slow", load)).statuses == {"DEADLINE_EXCEEDED": 20}


async def test_requests_follow_the_metadata():
    async with serving() as (rest, port):
        server = Server(f"127.0.0.1:{port}", Tls(), 20)
        prepared = await inference.prepare_rest(server, [("m", 1), ("m", 5)], "predict", None)
        assert [request.rows for request in prepared.requests] == [1, 5]
        await run(Http1Transport(server, 2), prepared.requests, LOAD)
        assert rest.connections <= 3  # one for each question about metadata
        one, five = sorted(rest.bodies, key=lambda body: body["inputs"][0]["shape"])[:: len(rest.bodies) - 1]
    assert [item["shape"] for item in one["inputs"]] == [[1, 3], [1, 8]]
    assert [len(item["data"]) for item in five["inputs"]] == [15, 40]
    assert five["outputs"] == [{"name": "predict"}]


async def test_unusable_servers_are_named():
    async with serving() as (_, port):
        server = Server(f"127.0.0.1:{port}", Tls(), 5)
        with pytest.raises(NotFoundError, match="/v2/models/unknown: HTTP 404"):
            await inference.prepare_rest(server, [("unknown", 1)], "", None)
    with pytest.raises(UnavailableError, match=f"127.0.0.1:{port}/v2/models/m: .*check the address and --protocol"):
        await inference.prepare_rest(server, [("m", 1)], "", None)
    with pytest.raises(InputError, match="HTTP/1.1 needs host:port"):
        Http1Transport(Server("unix:/nowhere", Tls(), 5), 1)


ANSWERS = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, 5),
    "empty": (b"HTTP/1.1 204 None\r\n\r\n", 204, 0),
    "continued": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\nx", 500, 1),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n", 200, 10),
}


@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_answers_are_read_in_any_pieces(name: str, data: st.DataObject):
    wire, status, size = ANSWERS[name]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(wire) - 1))))
    pieces = [wire[start:end] for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    answer = Answer()
    assert [answer.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert (answer.status, answer.size) == (status, size)


@given(st.binary(max_size=60), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]))
def test_any_bytes_are_read_or_rejected(data: bytes, head: bytes):
    try:
        Answer().feed(head + data)
    except MalformedAnswer as error:
        assert str(error)


def test_tensors_of_a_file(tmp_path: Path):
    file = tmp_path / "body.json"
    file.write_text('{"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [[1, 2], [3, 4]]}]}')
    (tensor,) = read_tensors(file)
    assert np.frombuffer(tensor.raw(), np.float32).tolist() == [1, 2, 3, 4]
    assert tensor.json()["data"] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"inputs": [1]}', '{"inputs": [{"name": "x", "shape": [3], "datatype": "FP32", "data": [1]}]}'],
)
def test_files_without_a_request_are_rejected(tmp_path: Path, text: str):
    (tmp_path / "body.json").write_text(text)
    with pytest.raises(InputError, match=r'body.json: expected \{"inputs"'):
        read_tensors(tmp_path / "body.json")


def test_texts_and_unknown_datatypes():
    assert Tensor("x", "BYTES", (1,), ["é"]).raw() == b"\x02\x00\x00\x00\xc3\xa9"
    with pytest.raises(InputError, match="input 'x': datatype 'COMPLEX', expected one of BYTES, BOOL"):
        Tensor.random("x", "COMPLEX", [-1], 1)


async def test_a_measurement_over_rest():
    async with serving() as (_, port):
        server = Server(f"127.0.0.1:{port}", Tls(), 20)
        measurement = Measurement(server, "oip-rest", ("m", "n"), Sizes.parse("1,5"), 0.0, "predict", LOAD, 4)
        result = await asyncio.to_thread(measure, measurement)
    assert result["statuses"].keys() == {"OK"} and result["generator"]["not_sent"] == 0
    assert (result["protocol"], result["models"], result["rows"]) == ("oip-rest", 2, {"1": 0.5, "5": 0.5})
