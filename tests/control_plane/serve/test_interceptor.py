"""Errors become statuses in one place: Pretzel's by their code, all others as faults with an id."""

import asyncio
from collections.abc import AsyncIterator
from concurrent import futures

import grpc
import grpc.aio
import pytest
import structlog

from pretzel import errors
from pretzel.control_plane.serve.interceptor import Calls
from pretzel.control_plane.serve.metrics import Metrics
from pretzel.v1.model_pb2 import Model


def subclasses(kind: type[errors.PretzelError]) -> set[type[errors.PretzelError]]:
    return {kind}.union(*map(subclasses, kind.__subclasses__()))


REFUSALS = sorted((kind for kind in subclasses(errors.PretzelError) if kind.code != "INTERNAL"), key=str)


class Service(grpc.GenericRpcHandler):
    """One method of each form; each raises the configured error."""

    raising: Exception | None = None

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        return {
            "/pretzel.test/unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "/pretzel.test/stream": grpc.unary_stream_rpc_method_handler(self.stream),
            "/pretzel.test/upload": grpc.stream_unary_rpc_method_handler(self.upload),
            "/pretzel.test/read": grpc.unary_unary_rpc_method_handler(self.unary, Model.FromString),
            "/pretzel.test/read_stream": grpc.unary_stream_rpc_method_handler(self.stream, Model.FromString),
            "/pretzel.test/read_upload": grpc.stream_unary_rpc_method_handler(self.upload, Model.FromString),
        }.get(details.method)

    def fail(self) -> None:
        if self.raising:
            raise self.raising

    async def unary(self, request: bytes, context: object) -> bytes:
        self.fail()
        return request

    async def stream(self, request: bytes, context: object) -> AsyncIterator[bytes]:
        yield request
        self.fail()

    async def upload(self, requests: AsyncIterator[bytes], context: object) -> bytes:
        received = [request async for request in requests]
        self.fail()
        return b"".join(received)


async def call(service: Service, method: str, data: bytes = b"hi") -> bytes:
    server = grpc.aio.server(futures.ThreadPoolExecutor(1), [service], [Calls(Metrics())])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            path = f"/pretzel.test/{method}"
            if method.endswith("stream"):
                return b"".join([piece async for piece in channel.unary_stream(path)(data)])
            if method.endswith("upload"):
                return await channel.stream_unary(path)(iter([data[:1], data[1:]]))
            return await channel.unary_unary(path)(data)
    finally:
        await server.stop(0)


@pytest.mark.parametrize("method", ["unary", "stream", "upload"])
async def test_answers_pass(method: str):
    assert await call(Service(), method) == b"hi"


@pytest.mark.parametrize("method", ["unary", "stream", "upload"])
@pytest.mark.parametrize("kind", REFUSALS)
async def test_each_error_has_its_status(kind: type[errors.PretzelError], method: str):
    service = Service()
    service.raising = kind("the thing: expected this, got that")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(service, method)
    assert caught.value.code() is grpc.StatusCode[kind.code]
    assert caught.value.details() == "the thing: expected this, got that"


@pytest.mark.parametrize("error", [ZeroDivisionError("secret /path"), errors.PretzelError("secret /path")])
async def test_a_fault_has_an_id_that_is_also_in_the_log(error: Exception):
    service = Service()
    service.raising = error
    with structlog.testing.capture_logs() as logged, pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(service, "unary")
    details = caught.value.details() or ""
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in details
    (line,) = [entry for entry in logged if "fault" in entry]
    assert line["fault"] in details
    assert line["exc_info"] is error


async def test_a_long_message_is_cut():
    service = Service()
    service.raising = errors.InputError("x" * 100_000)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(service, "unary")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(caught.value.details() or "") < 8000 / 3  # each byte of a status may take three


@pytest.mark.parametrize("method", ["read", "read_stream", "read_upload"])
async def test_malformed_messages_are_invalid_arguments(method: str):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(Service(), method, b"\xff\xff")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "cannot parse the request" in (caught.value.details() or "")


async def test_an_unknown_method():
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(Service(), "nothing")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_every_code_of_the_tree_is_one_of_grpc():
    assert {kind.code for kind in subclasses(errors.PretzelError)} <= set(grpc.StatusCode.__members__)


class Endless(grpc.GenericRpcHandler):
    """A stream of large messages."""

    ended = False

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_stream_rpc_method_handler(self.stream)

    async def stream(self, request: bytes, context: object) -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(1 << 20)
        finally:
            self.ended = True


async def test_a_stream_that_nobody_reads_ends():
    service = Endless()
    server = grpc.aio.server(futures.ThreadPoolExecutor(1), [service], [Calls(Metrics(), 0.3)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with asyncio.timeout(20), grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_stream("/pretzel.test/stream")(b"")
            await call.read()
            while not service.ended:  # the client reads no more
                await asyncio.sleep(0.01)
            with pytest.raises(
                grpc.aio.AioRpcError, match="the client read nothing of this stream for 0.3 s"
            ) as caught:
                while True:
                    await call.read()
            assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    finally:
        await server.stop(0)
