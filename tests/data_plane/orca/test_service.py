"""Reports out of band: the stream of a client, its interval, and that other copies of the messages do no harm."""

from __future__ import annotations

import subprocess
import sys

import grpc
import pytest
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from pretzel.data_plane.orca import service
from pretzel.data_plane.orca.messages import NAME, OrcaLoadReport, OrcaLoadReportRequest
from pretzel.data_plane.orca.service import LEAST_SECONDS, interval_of

PATH = f"/{NAME}/StreamCoreMetrics"


def asked(seconds=None, nanos=0):
    request = OrcaLoadReportRequest()
    if seconds is not None:
        request.report_interval.seconds, request.report_interval.nanos = seconds, nanos
    return request


@pytest.mark.parametrize(
    ("request_", "seconds"),
    [
        (asked(), LEAST_SECONDS),
        (asked(0, 1), LEAST_SECONDS),
        (asked(-5), LEAST_SECONDS),
        (asked(-(1 << 63), -(1 << 31)), LEAST_SECONDS),
        (asked(2, 500_000_000), 2.5),
        (asked(3600), 3600.0),
    ],
)
def test_the_interval_is_bounded_below(request_, seconds):
    assert interval_of(request_) == seconds


async def test_a_stream_sends_each_interval_what_is_new(serving, monkeypatch):
    monkeypatch.setattr(service, "LEAST_SECONDS", 0.001)
    serving.report.renew(OrcaLoadReport(eps=1.0).SerializeToString())
    method = serving.channel.unary_stream(
        PATH,
        request_serializer=OrcaLoadReportRequest.SerializeToString,
        response_deserializer=OrcaLoadReport.FromString,
    )
    call = method(asked(), timeout=20)
    assert (await call.read()).eps == 1.0
    serving.report.renew(OrcaLoadReport(eps=2.0).SerializeToString())
    while (await call.read()).eps != 2.0:
        pass
    call.cancel()


async def test_a_stream_ends_when_the_server_stops(serving):
    call = serving.channel.unary_stream(PATH)(asked(3600).SerializeToString(), timeout=20)
    assert await call.read() == b""  # the first report comes at once
    await serving.server.drain(0.1)
    assert await call.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


async def test_reflection_describes_the_service(serving):
    def described():
        with grpc.insecure_channel(f"127.0.0.1:{serving.port}") as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            return database.get_services(), database.FindFileContainingSymbol(NAME)

    import asyncio

    services, file = await asyncio.to_thread(described)
    assert NAME in services
    assert [service.name for service in file.service] == ["OpenRcaService"]


def test_a_process_may_hold_another_copy_of_the_messages():
    # Another package registers the same names in the default pool, from a file of another name and content.
    code = """
from google.protobuf import descriptor_pb2, descriptor_pool
file = descriptor_pb2.FileDescriptorProto(name="other.proto", package="xds.data.orca.v3", syntax="proto3")
file.message_type.add(name="OrcaLoadReport")
descriptor_pool.Default().Add(file)
from pretzel.data_plane.orca.messages import OrcaLoadReport
assert OrcaLoadReport.FromString(OrcaLoadReport(eps=0.5).SerializeToString()).eps == 0.5
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
