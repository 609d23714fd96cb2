"""Connections that a serving process hands to another one, and takes back from one that hangs."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

from pretzel.data_plane.serve import accepting
from pretzel.data_plane.serve.accepting import Acceptor
from pretzel.data_plane.supervise.loads import Loads
from pretzel.data_plane.supervise.spread import Spread

SECONDS = 20


class Greeting(asyncio.Protocol):
    """Sends the name of the process that serves the connection."""

    def __init__(self, name: bytes) -> None:
        self._name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._name)
        transport.close()


@pytest.fixture
def spread() -> Iterator[Spread]:
    spread = Spread(2)
    yield spread
    spread.close()


def acceptor(spread: Spread, slot: int) -> Acceptor:
    """The acceptor of a process, which owns its descriptors."""
    fields = spread.fields(slot)
    copies = {end: [os.dup(descriptor) for descriptor in fields[end]] for end in ("receive", "send")}
    return Acceptor({"memory": fields["memory"], **copies}, slot)


async def greeted(port: int) -> bytes:
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        name = await reader.read()
        writer.close()
    return name


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_connection_is_handed_over_and_taken_back_from_a_process_that_hangs(
    spread: Spread, hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "HANG_SECONDS", 0.05)
    first, second = acceptor(spread, 0), acceptor(spread, 1)
    loads = Loads(spread.fields(0)["memory"], 2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        first.serve(listener.dup(), None)
        second.serve(listener.dup(), None)
        second.start(lambda: Greeting(b"second"))
        asyncio.get_running_loop().remove_reader(second._listeners[0][0])  # the first accepts all
        first.start(lambda: Greeting(b"first"))
        if hangs:
            asyncio.get_running_loop().remove_reader(second._receiving[1])
        port = listener.getsockname()[1]
        assert await greeted(port) == b"first"  # as many connections: it stays where it was accepted
        names = [await greeted(port) for _ in range(2)]
        assert names == ([b"first", b"first"] if hangs else [b"second", b"first"])
        assert list(loads.now()) == ([3, 0] if hangs else [2, 1])
        assert loads.recovered.sum() == (2 if hangs else 0)
        first.stop()
        second.stop()
        asyncio.get_running_loop().remove_reader(second._receiving[1])
        asyncio.get_running_loop().remove_reader(first._receiving[0])
    loads.close()
