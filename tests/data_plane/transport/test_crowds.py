"""Many connections, idle or with calls: each is cheap, and others are served."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from pathlib import Path

import pytest

from pretzel.data_plane.transport.shedding import header_block
from tests.data_plane.transport.bystander import bystander
from tests.data_plane.transport.echo import serve
from tests.data_plane.transport.peer import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    SETTINGS,
    frame,
    message,
    request,
)
from tests.data_plane.transport.waits import SECONDS, until


def resident() -> int:
    """Return the resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_a_crowd_of_idle_connections_is_cheap():
    await crowd(500)


@pytest.mark.long
async def test_ten_thousand_idle_connections_are_cheap():
    await crowd(min(9_500, most_pairs()))


def most_pairs() -> int:
    """Return the connections for which this process has descriptors: it holds both ends."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2 - 200


async def test_a_crowd_of_clients_with_calls_is_served():
    await calling(300)


@pytest.mark.long
async def test_ten_thousand_clients_with_calls_are_served():
    await calling(min(9_500, most_pairs()))


async def calling(count: int) -> None:
    """Let each of many connections make some calls at once, several times; measure what they leave behind."""
    block = header_block(request("Fast"))
    async with serve("native") as served, bystander(served) as other:
        before = resident()
        sockets: list[socket.socket] = []
        try:
            for _ in range(count):
                sockets.append(socket.create_connection(("127.0.0.1", served.port)))
                sockets[-1].send(PREFACE + frame(SETTINGS, 0, 0))
                await asyncio.sleep(0)
            for turn in range(TURNS):
                streams = range(2 * CALLS * turn + 1, 2 * CALLS * (turn + 1) + 1, 2)
                calls = other.calls
                for i, opened in enumerate(sockets):
                    opened.send(b"".join(whole(stream, block) for stream in streams))
                    if i % 32 == 0:  # or the server would see one round of all
                        await asyncio.sleep(0)
                for opened in sockets:
                    await ends(opened, CALLS)
                await until(lambda before=calls: other.calls > before)
            await until(lambda: served.front.calls <= 1)
            each = (resident() - before) / count
        finally:
            for opened in sockets:
                opened.close()
        assert each < 60_000, f"{each:.0f} bytes for each connection"
        await until(lambda: len(served.front.connections) == 1)


TURNS, CALLS = 3, 4


def whole(stream: int, block: bytes) -> bytes:
    body = message(b"m")
    return frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, body)


async def ends(opened: socket.socket, count: int) -> None:
    """Read until so many calls have ended."""
    opened.setblocking(False)
    data = b""
    while count:
        data += await asyncio.wait_for(asyncio.get_running_loop().sock_recv(opened, 1 << 16), SECONDS)
        while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
            count -= data[3] == HEADERS and data[4] & END_STREAM
            data = data[9 + int.from_bytes(data[:3], "big") :]


async def crowd(count: int) -> None:
    """Open connections that greet and stay silent; measure what each takes, and how others are served."""
    hello = PREFACE + frame(SETTINGS, 0, 0)
    async with serve("native") as served, bystander(served) as other:
        before = resident()
        sockets = []
        try:
            for _ in range(count):
                sockets.append(socket.create_connection(("127.0.0.1", served.port)))
                sockets[-1].send(hello)
                await asyncio.sleep(0)
            await until(lambda: sum(c.greeted for c in served.front.connections) > count)
            each = (resident() - before) / count
            calls = other.calls
            await until(lambda: other.calls > calls + 20)
        finally:
            for opened in sockets:
                opened.close()
        assert each < 40_000, f"{each:.0f} bytes for each connection"
        await until(lambda: len(served.front.connections) == 1)
