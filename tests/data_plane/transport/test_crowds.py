"""Many idle connections: each is cheap, and others are served."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from pathlib import Path

import pytest

from tests.data_plane.transport.bystander import bystander
from tests.data_plane.transport.echo import serve
from tests.data_plane.transport.peer import PREFACE, SETTINGS, frame
from tests.data_plane.transport.waits import until


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
