"""Limits of calls, rows and running calls, by real workers of both fronts, over HTTP, and with two processes."""

from __future__ import annotations

import json
import queue
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.utils as triton_utils
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from pretzel import Client, ControlPlane, errors
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub
from tests.control_plane.serve.running import WIDTH, control_plane, definition
from tests.identity.calling import fetched
from tests.identity.servers import SECONDS, Identities, worker

SLOW = 0.05
"""Calls per second: the second one has to wait 20 s, however slow the machine is."""
ROLES: dict[str, dict[str, object]] = {
    "root": {"administer": ["*"], **{f"limits.{name}": "none" for name in ("calls_per_second", "rows_per_second")}},
    "worker": {"worker": True},
    **{f"{name} {front}": {"predict": ["*"], "limits.calls_per_second": SLOW, "limits.rows_per_second": "none"}
       for name in ("calls", "stream", "http", "many") for front in ("native", "grpcio")},
    **{f"rows {front}": {"predict": ["*"]} for front in ("native", "grpcio")},
    **{f"one {front}": {"predict": ["x"], "limits.concurrent_calls": 1} for front in ("native", "grpcio")},
    "quick": {"predict": ["*"], "limits.calls_per_second": 2},
    "changing": {"predict": ["*"], "limits.calls_per_second": SLOW, "limits.rows_per_second": "none"},
}  # fmt: skip
FRONTS = ("native", "grpcio")
ROWS = 100
"""Rows per second of every identity, which the limit of all states."""


class Running(NamedTuple):
    """The addresses of the workers, and who may call them."""

    identities: Identities
    native: str
    grpcio: str
    http: str
    metrics: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A worker of each front with the models x and y; the native one has two processes."""
    folder = tmp_path_factory.mktemp("limits")
    identities = Identities(folder, f"[limits]\nrows_per_second = {ROWS}\n", ROLES)
    own = {"identities": identities.path, "control_token_file": identities.file_of("worker")}
    with control_plane(folder / "data", identities=identities.path) as control:
        address = control.ready["address"]
        with ControlPlane(address, token=identities.tokens["root"], timeout=SECONDS) as plane:
            plane.deploy("x", definition(0))
            plane.deploy("y", definition(0))
        first, second = (folder / front for front in FRONTS)
        first.mkdir(), second.mkdir()
        with (
            worker(first, address, front="native", workers=2, **own) as native,
            worker(second, address, http="off", front="grpcio", **own) as grpcio,
        ):
            addresses = (f"127.0.0.1:{each['port']}" for each in (native, grpcio))
            metrics = f"http://127.0.0.1:{native['metrics_port']}/metrics"
            yield Running(identities, *addresses, f"http://{native['http']}", metrics)


def request(rows: int = 1, model: str = "x") -> pb.PredictRequest:
    columns = columns_to_proto({"x": np.zeros((rows, WIDTH))})
    return pb.PredictRequest(model=model, columns=columns, outputs=["predict"])


def refused(call: Any) -> tuple[str, float | None]:
    """The message of a call that a limit refuses, and when to return."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    error: Any = raised.value
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, error
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    delay = None
    for detail in Status.FromString(details).details:
        if detail.Is(RetryInfo.DESCRIPTOR):
            info = RetryInfo()
            detail.Unpack(info)
            delay = info.retry_delay.ToNanoseconds() / 1e9
    return error.details(), delay


@pytest.mark.parametrize("front", FRONTS)
def test_calls(running: Running, front: str):
    """The second call is refused on any connection, and so on any of the processes."""
    fields = running.identities.fields(f"calls {front}")
    for attempt in range(6):
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(getattr(running, front), options) as channel:
            stub = PredictionServiceStub(channel)
            if not attempt:
                stub.Predict(request(), metadata=fields, timeout=SECONDS)
                continue
            said, delay = refused(partial(stub.Predict, request(), metadata=fields, timeout=SECONDS))
            assert said.startswith(f"identity 'calls {front}': 0.05 calls per second are allowed, and are used (calls_")
            assert said.endswith("ops@example.org sets this limit") and "retry in" in said
            assert delay is not None and 0 < delay <= 20


@pytest.mark.parametrize("front", FRONTS)
def test_rows(running: Running, front: str):
    """Of every protocol and of several models; the error of too many rows says to send fewer."""
    fields = running.identities.fields(f"rows {front}")
    with grpc.insecure_channel(getattr(running, front)) as channel:
        stub = PredictionServiceStub(channel)
        for _ in range(3):  # the hot path, once the model is loaded
            said, delay = refused(lambda: stub.Predict(request(ROWS + 1), metadata=fields, timeout=SECONDS))
            assert f"a call of 101 rows, at most {ROWS} together in a second; send fewer rows in a call" in said
            assert delay is None
        many = pb.PredictManyRequest(models=["x", "y"], columns=request(51).columns, outputs=["predict"])
        said, _ = refused(lambda: stub.PredictMany(many, metadata=fields, timeout=SECONDS))
        assert "a call of 102 rows" in said
        assert stub.Predict(request(), metadata=fields, timeout=SECONDS).model == "x"
        end = time.monotonic() + SECONDS
        while True:  # full calls, faster than one in a second
            try:
                stub.Predict(request(ROWS), metadata=fields, timeout=SECONDS)
            except grpc.RpcError as error:
                assert "100 rows per second are allowed, and are used (rows_per_second)" in error.details()  # type: ignore[attr-defined]
                break
            assert time.monotonic() < end
    with triton_grpc.InferenceServerClient(getattr(running, front)) as client:
        tensor = triton_grpc.InferInput("x", [ROWS + 1, WIDTH], "FP64")
        tensor.set_data_from_numpy(np.zeros((ROWS + 1, WIDTH)))
        with pytest.raises(triton_utils.InferenceServerException, match="a call of 101 rows"):
            client.infer("x", [tensor], headers=dict(fields))


@pytest.mark.parametrize("front", FRONTS)
def test_messages_of_a_stream(running: Running, front: str):
    """A message beyond a limit has an error of its own, and the stream continues."""
    fields = running.identities.fields(f"stream {front}")
    with grpc.insecure_channel(getattr(running, front)) as channel:
        messages = [pb.PredictStreamRequest(id=i, request=request()) for i in range(3)]
        stream = PredictionServiceStub(channel).PredictStream(iter(messages), metadata=fields, timeout=SECONDS)
        first, *others = stream
    assert first.response.model == "x"
    for answer in others:
        assert answer.error.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
        assert 0 < answer.error.retry_delay.ToNanoseconds() <= 20e9


@pytest.mark.parametrize("front", FRONTS)
def test_running_calls(running: Running, front: str):
    """An open stream is one; when it ends, the next call is answered."""
    fields = running.identities.fields(f"one {front}")
    with grpc.insecure_channel(getattr(running, front)) as channel:
        stub, sent = PredictionServiceStub(channel), queue.SimpleQueue[Any]()
        sent.put(pb.PredictStreamRequest(id=1, request=request()))
        answers = stub.PredictStream(iter(sent.get, None), metadata=fields, timeout=SECONDS)
        assert next(answers).response.model == "x"
        said, delay = refused(partial(stub.Predict, request(), metadata=fields, timeout=SECONDS))
        assert "at most 1 calls may run at the same time, and 1 do (concurrent_calls)" in said and delay == 0.05
        second = stub.PredictStream(iter([pb.PredictStreamRequest(id=2, request=request())]), metadata=fields)
        assert "(concurrent_calls)" in refused(lambda: next(second))[0]
        sent.put(None)
        assert not list(answers)
        for _ in range(50):  # each call ends before the next, also by errors
            stub.Predict(request(), metadata=fields, timeout=SECONDS)
            with pytest.raises(grpc.RpcError, match="PERMISSION_DENIED"):
                stub.Predict(request(1, "y"), metadata=fields, timeout=SECONDS)
            with pytest.raises(grpc.RpcError, match="INVALID_ARGUMENT"):
                stub.Predict(pb.PredictRequest(model="x"), metadata=fields, timeout=SECONDS)


def test_http(running: Running):
    url, fields = f"{running.http}/v1/models/x:predict", running.identities.fields("http native")
    body = json.dumps({"instances": [[0.0] * WIDTH]}).encode()

    def post() -> tuple[int, dict[str, str], str]:
        asked = urllib.request.Request(url, body, {"content-type": "application/json", **dict(fields)})
        try:
            with urllib.request.urlopen(asked, timeout=SECONDS) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    status, _, text = post()
    assert status == 200, text
    status, headers, text = post()
    assert status == 429 and "identity 'http native': 0.05 calls per second" in text
    assert 1 <= int({name.lower(): value for name, value in headers.items()}["retry-after"]) <= 20


def test_rows_and_running_calls_over_http(running: Running):
    fields = running.identities.fields("one native")
    url = f"{running.http}/v2/models/x"
    for _ in range(20):
        assert fetched(url, "GET", fields)[0] == 200
        assert fetched(url.replace("/x", "/none"), "GET", fields)[0] == 403


def test_the_sdk_returns_in_time(running: Running):
    """A client waits as long as the refusal says, so that calls beyond the limit are answered a little later."""
    token = running.identities.tokens["quick"]
    with Client(running.native, token=token, timeout=SECONDS) as client:
        for _ in range(5):
            assert client.predict("x", np.zeros((1, WIDTH))).tolist() == ["yes"]
    with Client(running.native, token=running.identities.tokens["many native"], timeout=0.5) as client:
        with pytest.raises(errors.ExhaustedError, match="calls_per_second.; retry in"):  # to describe x is a call
            client.predict("x", np.zeros((1, WIDTH)))


def test_refusals_are_counted_by_limit(running: Running):
    test_rows(running, "native")
    text = fetched(running.metrics, "GET", [])[1]
    found = [line for line in text.splitlines() if line.startswith("pretzel_limit_refusals_total{")]
    assert any('limit="rows_per_second"' in line for line in found)
    assert all("identity" not in line for line in found)


def test_changed_limits_are_in_use_without_a_restart(running: Running):
    """Calls continue while the file changes; what was used stays counted."""
    fields = running.identities.fields("changing")
    with grpc.insecure_channel(running.native) as channel:
        stub = PredictionServiceStub(channel)
        stub.Predict(request(), metadata=fields, timeout=SECONDS)
        refused(partial(stub.Predict, request(), metadata=fields, timeout=SECONDS))
        running.identities.write({**ROLES, "changing": {"predict": ["*"], "limits.rows_per_second": "none"}})
        end = time.monotonic() + SECONDS
        while True:
            try:
                stub.Predict(request(), metadata=fields, timeout=SECONDS)
                break
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED  # type: ignore[attr-defined]
                assert time.monotonic() < end
        running.identities.write(
            {**ROLES, "changing": {"predict": ["*"], "limits.calls_per_second": 0, "limits.rows_per_second": "none"}}
        )
        while True:
            try:
                stub.Predict(request(), metadata=fields, timeout=SECONDS)
                assert time.monotonic() < end + SECONDS
            except grpc.RpcError as error:
                assert "0 calls per second are allowed (calls_per_second); ops" in error.details()  # type: ignore[attr-defined]
                break
    running.identities.write(ROLES)
