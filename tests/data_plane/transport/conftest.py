"""Both fronts with one service; whatever a client of gRPC sees must be equal."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest

from pretzel.data_plane.cache import proof
from pretzel.data_plane.transport import life, listening
from tests.data_plane.serve.conftest import roomy, rows, serving
from tests.data_plane.transport.echo import Served, serve
from tests.data_plane.transport.peer import Peer

__all__ = ["roomy", "rows", "serving"]


@pytest.fixture
def front() -> str:
    """The front of a serving process in this directory: only the native one has the hot path."""
    return "native"


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files count as settled at once: the hot path waits for that, and tests write them just before."""
    monkeypatch.setattr(proof, "SETTLE_SECONDS", 0.0)


@pytest.fixture(params=["native", "grpcio"])
async def served(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with serve(request.param) as served:
        yield served


@pytest.fixture
async def channel(served: Served) -> AsyncIterator[grpc.aio.Channel]:
    async with served.channel() as channel:
        yield channel


@pytest.fixture
async def native() -> AsyncIterator[Served]:
    async with serve("native") as served:
        yield served


@pytest.fixture
async def peer(served: Served) -> AsyncIterator[Peer]:
    async with Peer.connected(served.port) as peer:
        yield peer


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at connections every few milliseconds."""
    monkeypatch.setattr(listening, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(life, "ROUND_TRIP_SECONDS", 0.05)
