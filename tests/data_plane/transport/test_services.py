"""Health and reflection over both fronts."""

from __future__ import annotations

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2

from tests.data_plane.transport.echo import NAME, Served

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
REFLECTIONS = ("grpc.reflection.v1alpha.ServerReflection", "grpc.reflection.v1.ServerReflection")


async def test_check(channel: grpc.aio.Channel):
    stub = HealthStub(channel)
    for name in ("", NAME):
        assert (await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=20)).status == SERVING
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(health_pb2.HealthCheckRequest(service="other"), timeout=20)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_list(channel: grpc.aio.Channel):
    answer = await HealthStub(channel).List(health_pb2.HealthListRequest(), timeout=20)
    assert {name: each.status for name, each in answer.statuses.items()} == {"": SERVING, NAME: SERVING}


async def test_watch(served: Served, channel: grpc.aio.Channel):
    watch = HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=NAME), timeout=20)
    assert (await watch.read()).status == SERVING
    for serving, status in ((False, NOT_SERVING), (True, SERVING)):
        await served.health.set_all(serving=serving)
        assert (await watch.read()).status == status
    watch.cancel()


@pytest.mark.parametrize("service", REFLECTIONS)
async def test_reflection(channel: grpc.aio.Channel, service: str):
    method = channel.stream_stream(
        f"/{service}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    requests = (
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="grpc.health.v1.Health"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.such.Symbol"),
    )
    listed, known, unknown = [answer async for answer in method(iter(requests), timeout=20)]
    assert {each.name for each in listed.list_services_response.service} >= {
        NAME,
        "grpc.health.v1.Health",
        *REFLECTIONS,
    }
    assert known.file_descriptor_response.file_descriptor_proto
    assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
