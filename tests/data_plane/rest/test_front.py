"""Limits of connections, in time and in bytes, over real sockets and a stand-in for the models."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pretzel.data_plane.rest.http.front import HttpFront
from pretzel.data_plane.rest.http.limits import Limits
from pretzel.data_plane.rest.http.messages import Request, Response

SECONDS = 20
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Echo:
    """Answers with the body of the request, or once its gate is open."""

    def __init__(self) -> None:
        self.draining = False
        self.counted: list[int] = []
        self.gate: asyncio.Event | None = None
        self.cancelled = asyncio.Event()
        self.entered = asyncio.Event()

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        return Response(200, request.body) if self.gate is None else self._wait(request)

    async def _wait(self, request: Request) -> Response:
        assert self.gate is not None
        self.entered.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return Response(200, request.body)

    def count(self, status: int) -> None:
        self.counted.append(status)


class Peer:
    """A client's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> tuple[int, bytes]:
        async with asyncio.timeout(SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            body = await self.reader.readexactly(int(fields["content-length"]))
        return int(head.split()[1]), body

    async def is_closed(self) -> bool:
        async with asyncio.timeout(SECONDS):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True


class Running:
    """A front, and its clients."""

    def __init__(self, application: Echo, front: HttpFront, port: int) -> None:
        self.application, self.front, self.port = application, front, port
        self._peers: list[Peer] = []

    async def peer(self, data: bytes = b"", **options: Any) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port, **options))
        self._peers.append(peer)
        peer.writer.write(data)
        return peer

    def close(self) -> None:
        for peer in self._peers:
            peer.writer.close()


@asynccontextmanager
async def front(**limits: Any) -> AsyncIterator[Running]:
    application = Echo()
    serving = HttpFront(application, Limits(**limits))
    listener = socket.create_server(("127.0.0.1", 0))
    await serving.listen(listener)
    running = Running(application, serving, listener.getsockname()[1])
    try:
        yield running
    finally:
        running.close()
        await serving.drain(1)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


def post(size: int, sent: int | None = None) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"a" * (size if sent is None else sent)


@pytest.mark.parametrize(
    ("sent", "text"),
    [(b"GET / HT", b"the header fields took more than 0.1 s"), (post(9, 3), b"the body arrives too slowly")],
)
async def test_a_slow_request_is_ended(sent: bytes, text: bytes):
    async with front(head_seconds=0.1, stall_seconds=0.1) as running:
        peer = await running.peer(sent)
        status, body = await peer.answer()
        assert status == 408 and text in body and await peer.is_closed()
        assert running.application.counted == [408] and running.front.held == 0


async def test_a_body_in_drops_is_ended():
    async with front(stall_seconds=1.5, body_rate=1 << 20) as running:
        peer = await running.peer(post(1 << 20, 0))
        answer = asyncio.create_task(peer.answer())
        while not answer.done():
            peer.writer.write(b"a")
            await asyncio.sleep(0.05)
        assert (await answer)[0] == 408


async def test_idle_and_silent_connections_are_closed():
    async with front(idle_seconds=0.1) as running:
        silent, used = await running.peer(), await running.peer(GET)
        assert (await used.answer())[0] == 200
        assert await silent.is_closed() and await used.is_closed()
        await until(lambda: not running.front.connections)


async def test_a_client_that_does_not_read_is_ended():
    async with front(stall_seconds=0.1, body_bytes=1 << 26) as running:
        peer = await running.peer(post(1 << 25), limit=1 << 12)
        await until(lambda: not running.front.connections)
        peer.writer.close()
        assert running.front.held == 0


async def test_too_many_connections():
    async with front(connections=2) as running:
        kept = [await running.peer(GET) for _ in range(2)]
        assert [(await peer.answer())[0] for peer in kept] == [200, 200]
        further = await running.peer()
        status, body = await further.answer()
        assert status == 503 and b"too many connections" in body and await further.is_closed()
        kept[0].writer.close()
        await until(lambda: len(running.front.connections) < 2)
        assert (await (await running.peer(GET)).answer())[0] == 200


async def test_bodies_of_all_connections_have_a_limit():
    async with front(held_bytes=1000) as running:
        running.application.gate = asyncio.Event()
        first = await running.peer(post(900))
        await running.application.entered.wait()
        second = await running.peer(post(200))
        status, body = await second.answer()
        assert status == 503 and b"holds 1000 bytes of unanswered requests" in body
        running.application.gate.set()
        assert await first.answer() == (200, b"a" * 900)
        assert (await (await running.peer(post(900))).answer())[0] == 200
        assert running.front.held == 0


async def test_requests_that_are_sent_ahead_wait_in_the_socket():
    async with front(waiting=4) as running:
        running.application.gate = asyncio.Event()
        peer = await running.peer(post(1000) * 5000)
        await running.application.entered.wait()
        (connection,) = running.front.connections
        await until(lambda: not connection.transport.is_reading())
        assert running.front.held < 1 << 20  # of five megabytes
        running.application.gate.set()
        for _ in range(5000):
            assert (await peer.answer())[0] == 200
        assert running.front.held == 0


async def test_work_stops_when_the_client_leaves():
    async with front() as running:
        running.application.gate = asyncio.Event()
        peer = await running.peer(post(9) + post(9))
        await running.application.entered.wait()
        peer.writer.close()
        async with asyncio.timeout(SECONDS):
            await running.application.cancelled.wait()
        await until(lambda: not running.front.connections)
        assert running.front.held == 0


async def test_a_drain_lets_requests_end():
    async with front() as running:
        running.application.gate = asyncio.Event()
        busy, idle = await running.peer(post(9)), await running.peer()
        await running.application.entered.wait()
        await until(lambda: len(running.front.connections) == 2)
        drained = asyncio.create_task(running.front.drain(SECONDS))
        assert await idle.is_closed()
        with pytest.raises(OSError):
            await running.peer()
        assert not drained.done() and running.front.running == 1
        running.application.gate.set()
        assert await busy.answer() == (200, b"a" * 9) and await busy.is_closed()
        await drained
        assert not running.front.connections
