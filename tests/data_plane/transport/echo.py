"""A service of every kind of method, over bytes, and both fronts that serve it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.protobuf import descriptor_pool

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.serve import health, reflection
from pretzel.data_plane.serve.errors import ErrorInterceptor
from pretzel.data_plane.serve.grpcio_front import GrpcioFront
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.transport.front import NativeFront
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.methods import Methods, Shortcuts
from pretzel.data_plane.transport.streams import Streams
from tests.data_plane.transport.waits import until

NAME = "test.Echo"
MESSAGE_BYTES = 24 << 20
GROWTH = 1 << 18
"""The answer of a shortcut to `grow` repeats it so often."""
"""Largest message of both fronts in these tests."""


def path(method: str) -> str:
    return f"/{NAME}/{method}"


def grouped(pairs: Iterable[tuple[str, str | bytes]]) -> dict[str, list[str | bytes]]:
    """Return the values of each key in order: the clients of grpcio sort pairs by key."""
    found: dict[str, list[str | bytes]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


class Echo:
    """The handlers; each event is set when its handler gets there."""

    def __init__(self) -> None:
        self.started, self.stopped, self.release = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.calls = 0
        self.context: Any = None

    async def Unary(self, request: bytes, context: Any) -> bytes:
        self.calls += 1
        return request

    async def Slow(self, request: bytes, context: Any) -> bytes:
        """Wait for `release`, and note that the work was stopped before."""
        self.context = context
        self.started.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        return request

    async def Compressed(self, request: bytes, context: Any) -> bytes:
        context.set_compression(grpc.Compression.Gzip)
        return request

    async def Metadata(self, request: bytes, context: Any) -> bytes:
        """Return the metadata of the client whose keys start with `x-`, in all three places."""
        pairs = tuple((key, value) for key, value in context.invocation_metadata() if key.startswith("x-"))
        await context.send_initial_metadata(pairs)
        context.set_trailing_metadata(pairs)
        return json.dumps([(key, value if isinstance(value, str) else value.hex()) for key, value in pairs]).encode()

    async def Keys(self, request: bytes, context: Any) -> bytes:
        return json.dumps([key for key, _ in context.invocation_metadata()]).encode()

    async def Fail(self, request: bytes, context: Any) -> bytes:
        """End as the request says: by `abort`, by a status that is set, or by an error."""
        asked = json.loads(request)
        code = grpc.StatusCode[asked.get("code", "INVALID_ARGUMENT")]
        trailing = tuple((key, value) for key, value in asked.get("trailing", ()))
        if asked["by"] == "abort":
            await context.abort(code, asked["message"], trailing)
        if asked["by"] == "raise":
            raise RuntimeError(asked["message"])
        context.set_code(code)
        context.set_details(asked["message"])
        context.set_trailing_metadata(trailing)
        return b""

    async def Numbers(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        for number in range(int(request)):
            yield b"%d" % number

    async def Endless(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        """Return the request forever."""
        self.started.set()
        try:
            while True:
                self.calls += 1
                yield request
        finally:
            self.stopped.set()

    async def Count(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        sizes = [len(request) async for request in requests]
        return b"%d %d" % (len(sizes), sum(sizes))

    async def Chat(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        self.started.set()
        try:
            async for request in requests:
                yield request
        finally:
            self.stopped.set()

    async def Early(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        """End after the first request, whatever the client still sends."""
        async for request in requests:
            yield request
            await context.abort(grpc.StatusCode.OUT_OF_RANGE, "one is enough", (("x-end", "early"),))

    async def Unread(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        """Read nothing until `release`."""
        self.started.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        return b"%d" % sum([len(request) async for request in requests])

    # Shortcuts of the native front; the same paths are ordinary handlers of the other

    async def _returned(self, message: bytes, deadline: float) -> bytes:
        self.calls += 1
        await asyncio.sleep(0)
        return message

    def _fast(self, message: bytes, deadline: float, _: object = None) -> Any:
        """Answer at once, by an awaitable, by the ordinary handler, or at length, as the message begins."""
        if message.startswith(b"await"):
            return self._returned(message, deadline)
        if message.startswith(b"handler"):
            return None
        self.calls += 1
        return message * GROWTH if message == b"grow" else message

    def shortcuts(self) -> Shortcuts:
        lanes = {path("Lane"): (None, self._returned), path("FastLane"): (self._fast, self._returned)}
        return Shortcuts({path("Fast"): self._fast, path("Slow"): lambda *_: None}, lanes)

    def register(self, services: Any) -> None:
        handlers = {
            **{name: grpc.unary_unary_rpc_method_handler(getattr(self, name)) for name in UNARY},
            "Fast": grpc.unary_unary_rpc_method_handler(self.Unary),
            "Numbers": grpc.unary_stream_rpc_method_handler(self.Numbers),
            "Endless": grpc.unary_stream_rpc_method_handler(self.Endless),
            "Count": grpc.stream_unary_rpc_method_handler(self.Count),
            "Unread": grpc.stream_unary_rpc_method_handler(self.Unread),
            **{name: grpc.stream_stream_rpc_method_handler(self.Chat) for name in ("Chat", "Lane", "FastLane")},
            "Early": grpc.stream_stream_rpc_method_handler(self.Early),
        }
        services.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, handlers),))


UNARY = ("Unary", "Slow", "Compressed", "Metadata", "Keys", "Fail")


class Served:
    """One front with the service, health and reflection."""

    def __init__(self, kind: str, limits: Limits) -> None:
        self.kind, self.limits, self.echo = kind, limits, Echo()
        self.health = health.Health([NAME])
        self.front: Any = _native(self.echo, limits) if kind == "native" else _grpcio(limits)
        services = self.front.methods if kind == "native" else self.front.services
        self.echo.register(services)
        self.health.register(services)
        reflection.register([NAME, health.NAME], services, descriptor_pool.Default())

    async def start(self, port: int = 0) -> None:
        if self.kind == "native":
            listener = socket.create_server(("127.0.0.1", port), backlog=1024)
            await self.front.listen(listener)
            self.port = listener.getsockname()[1]
        else:
            self.port = await self.front.listen(port, (), {})
        await self.health.set_all(serving=True)

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def channel(self, *options: tuple[str, Any]) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(self.target, options=[*CLIENT, *options])

    @property
    def calls(self) -> list[Any]:
        """The open calls of the native front."""
        return [call for connection in self.front.connections for call in connection.calls.values()]


CLIENT = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),  # a connection of its own
)


def _native(echo: Echo, limits: Limits) -> NativeFront:
    return NativeFront(Methods(shortcuts=echo.shortcuts()), limits)


def _grpcio(limits: Limits) -> GrpcioFront:
    settings = Settings(host="127.0.0.1", port=0, max_message_bytes=limits.message_bytes)
    return GrpcioFront(settings, ErrorInterceptor(Tally()), Streams(), shared_port=False)


@asynccontextmanager
async def serve(kind: str, limits: Limits | None = None) -> AsyncIterator[Served]:
    served = Served(kind, limits or Limits(message_bytes=MESSAGE_BYTES))
    await served.start()
    try:
        yield served
    finally:
        served.echo.release.set()
        await served.front.drain(0)


@asynccontextmanager
async def limited(**limits: float) -> AsyncIterator[Served]:
    """Serve natively with these limits; afterwards nothing is held."""
    async with serve("native", Limits(**limits)) as served:
        yield served
        await until(lambda: not served.calls and served.front._held == 0)


async def connections(served: Served, count: int) -> list[Any]:
    """Return the connections of the native front, once there are so many."""
    await until(lambda: len(served.front.connections) == count)
    return list(served.front.connections)
