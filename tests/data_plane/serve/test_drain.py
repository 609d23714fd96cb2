"""Health, reflection, and graceful shutdown."""

from __future__ import annotations

import asyncio
import threading

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from pretzel.client import AsyncClient
from pretzel.client.hints import retry_after
from pretzel.data_plane.scheduling.request import RETRY_SECONDS
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import regression
from tests.data_plane.serve.conftest import Serving

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE = "pretzel.v1.PredictionService"


async def test_health(serving: Serving):
    stub = HealthStub(serving.channel)
    for name in ("", SERVICE):
        assert (await stub.Check(health_pb2.HealthCheckRequest(service=name))).status == SERVING
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(health_pb2.HealthCheckRequest(service="m"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_reflection(serving: Serving):
    stub = ServerReflectionStub(serving.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    async for answer in stub.ServerReflectionInfo(iter([request])):
        names = {service.name for service in answer.list_services_response.service}
        assert {SERVICE, "grpc.health.v1.Health"} <= names


class Slow:
    """Holds every run until released."""

    def __init__(self, executable) -> None:
        self.executable, self.release, self.running = executable, threading.Event(), threading.Event()
        self.inputs, self.outputs = executable.inputs, executable.outputs

    def need(self, *arguments):
        return self.executable.need(*arguments)

    def run(self, *arguments, **options):
        self.running.set()
        assert self.release.wait(10)
        return self.executable.run(*arguments, **options)


async def slowed(serving: Serving) -> Slow:
    await serving.deploy("m", regression(3))
    entry = serving.router.find("m").entry
    slow = Slow(await serving.plans.load(entry))
    entry.executable = slow
    entry.cost_of(None).prior = None  # its duration is unknown
    return slow


async def test_a_drain_reports_it_finishes_running_calls_and_rejects_others(serving: Serving, rows: np.ndarray):
    slow = await slowed(serving)
    watch = HealthStub(serving.channel).Watch(health_pb2.HealthCheckRequest())
    assert (await watch.read()).status == SERVING
    running = asyncio.create_task(serving.predict("m", x=rows))
    await asyncio.to_thread(slow.running.wait, 10)
    draining = asyncio.create_task(serving.server.drain(10))
    assert (await watch.read()).status == NOT_SERVING
    async with grpc.aio.insecure_channel(f"127.0.0.1:{serving.port}") as late:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await late.unary_unary(f"/{SERVICE}/Predict")(b"", timeout=10)
    # grpc.aio cancels a call that it accepted and whose handler has not started.
    cancelled = {grpc.StatusCode.CANCELLED} if serving.settings.front == "grpcio" else set()
    assert caught.value.code() in {grpc.StatusCode.UNAVAILABLE} | cancelled
    assert not draining.done()
    slow.release.set()
    assert set(await running) == {"predict", "transform"}
    async with asyncio.timeout(9):  # the watch does not delay it
        await draining


async def test_a_drain_is_bounded(serving: Serving, rows: np.ndarray):
    slow = await slowed(serving)
    running = asyncio.create_task(serving.predict("m", x=rows))
    await asyncio.to_thread(slow.running.wait, 10)
    async with asyncio.timeout(30):
        await serving.server.drain(0.1)
    with pytest.raises(grpc.aio.AioRpcError):
        await running
    slow.release.set()


async def test_a_drain_ends_idle_streams_after_their_answers(serving: Serving, rows: np.ndarray):
    await serving.deploy("m", regression(3))
    call = serving.stub.PredictStream()
    request = pb.PredictRequest(model="m", columns=columns_to_proto({"x": rows}))
    await call.write(pb.PredictStreamRequest(id=1, request=request))
    assert (await call.read()).response.model == "m"
    async with asyncio.timeout(30):
        await serving.server.drain(60)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "draining" in caught.value.details()


async def test_a_cancelled_call_stops_counting_as_running(serving: Serving, rows: np.ndarray):
    slow = await slowed(serving)
    request = pb.PredictRequest(model="m", columns=columns_to_proto({"x": rows}))
    call = serving.stub.Predict(request)
    await asyncio.to_thread(slow.running.wait, 10)
    assert serving.guard.running == 1
    call.cancel()
    async with asyncio.timeout(10):
        while serving.guard.running:
            await asyncio.sleep(0.001)
    slow.release.set()


async def test_a_full_queue_is_resource_exhausted(serving: Serving, rows: np.ndarray):
    slow = await slowed(serving)
    calls = [asyncio.create_task(serving.predict("m", x=rows)) for _ in range(2)]
    async with asyncio.timeout(10):
        while serving.engine.queued < 2:
            await asyncio.sleep(0.001)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await serving.predict("m", x=rows)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "2 requests of this model are queued; retry later" in caught.value.details()
    assert retry_after(caught.value) == RETRY_SECONDS
    async with AsyncClient(f"127.0.0.1:{serving.port}") as client:
        await client.describe("m")
        later = asyncio.create_task(client.infer("m", {"x": rows}))
        async with asyncio.timeout(10):
            while not serving.tally.rejected["model_queue"] >= 2:
                await asyncio.sleep(0.001)
        slow.release.set()
        assert set(await later) == {"predict", "transform"}  # the client repeats it
    await asyncio.gather(*calls)
