"""The answers of both fronts carry the report; a raw client reads it, because grpcio keeps it from applications."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest
from grpc_health.v1 import health_pb2

from pretzel.data_plane.orca.messages import OrcaLoadReport
from pretzel.data_plane.orca.report import KEY
from pretzel.errors import ExhaustedError
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import regression
from tests.data_plane.transport.peer import Peer, message, request

FIRST, SECOND = (OrcaLoadReport(cpu_utilization=share, rps_fractional=7.5).SerializeToString() for share in (0.25, 0.5))
PREDICT, STREAM = b"/pretzel.v1.PredictionService/Predict", b"/pretzel.v1.PredictionService/PredictStream"
RESOURCE_EXHAUSTED, NOT_FOUND = 8, 5


@pytest.fixture
async def peer(serving) -> AsyncIterator[Peer]:
    await serving.deploy("m", regression(3))
    async with Peer.connected(serving.port) as peer:
        yield peer


async def answered(peer: Peer, rows, model: str = "m", path: bytes = PREDICT):
    """Return the status of a call, and the report that its answer carries; None if there is none."""
    call = pb.PredictRequest(model=model, columns=columns_to_proto({"x": rows}))
    body = pb.PredictStreamRequest(request=call) if path == STREAM else call
    answer = await peer.call(request("", path=path), message(body.SerializeToString()))
    report = answer[KEY.encode()]
    return answer.status, None if report is None else base64.b64decode(report + b"=" * (-len(report) % 4))


async def test_no_report_before_the_first(peer, rows):
    assert await answered(peer, rows) == (0, None)


async def test_an_answer_carries_the_newest_report(serving, peer, rows):
    for report in (FIRST, SECOND, FIRST):
        serving.report.renew(report)
        assert await answered(peer, rows) == (0, report)


async def test_an_unchanged_report_is_sent_once_to_each_connection(serving, peer, rows, front):
    serving.report.renew(FIRST)
    found = [(await answered(peer, rows))[1] for _ in range(3)]
    # The grpcio front does not know the connections.
    assert found == ([FIRST, None, None] if front == "native" else [FIRST] * 3)
    async with Peer.connected(serving.port) as other:
        assert await answered(other, rows) == (0, FIRST)


async def test_streams_carry_it_at_their_end(serving, peer, rows):
    serving.report.renew(FIRST)
    assert await answered(peer, rows, path=STREAM) == (0, FIRST)


@pytest.mark.parametrize("front", ["native"])
async def test_errors_carry_it_too(serving, peer, rows):
    serving.report.renew(FIRST)
    assert await answered(peer, rows, "unknown") == (NOT_FOUND, FIRST)


@pytest.mark.parametrize("front", ["native"])
async def test_refused_calls_carry_it_too(serving, peer, rows, monkeypatch):
    error = ExhaustedError("full")
    method = serving.server._front.services.find(PREDICT)
    monkeypatch.setattr(method, "fast", lambda message, deadline, origin: error)
    for report in (FIRST, SECOND):
        serving.report.renew(report)
        assert await answered(peer, rows) == (RESOURCE_EXHAUSTED, report)
    assert await answered(peer, rows) == (RESOURCE_EXHAUSTED, None)


async def test_other_services_leave_it_to_predictions(serving, peer, rows, front):
    serving.report.renew(FIRST)
    body = message(health_pb2.HealthCheckRequest().SerializeToString())
    answer = await peer.call(request("", path=b"/grpc.health.v1.Health/Check"), body)
    assert (answer.status, answer[KEY.encode()]) == (0, None)
    assert await answered(peer, rows) == (0, FIRST)
