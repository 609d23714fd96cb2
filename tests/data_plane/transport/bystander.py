"""Another client of a server that is under attack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.data_plane.transport.echo import Served
from tests.data_plane.transport.peer import Peer

WORST_SECONDS = 5.0
"""Longest wait of a bystander's call that is accepted on a machine that does other work too."""


class Bystander:
    """Calls one after another, and notes the longest wait."""

    def __init__(self) -> None:
        self.calls, self.longest, self.done = 0, 0.0, False

    async def call(self, peer: Peer) -> None:
        while not self.done:
            started = time.monotonic()
            assert await peer.is_served(), "another client is not served"
            self.longest = max(self.longest, time.monotonic() - started)
            self.calls += 1
            await asyncio.sleep(0)


@asynccontextmanager
async def bystander(served: Served) -> AsyncIterator[Bystander]:
    """Let another client call all the while; it must be served in time."""
    other = Bystander()
    async with Peer.connected(served.port) as peer:
        calling = asyncio.create_task(other.call(peer))
        try:
            yield other
        finally:
            other.done = True
            await asyncio.wait_for(calling, 30)
    assert other.calls
    assert other.longest < WORST_SECONDS
