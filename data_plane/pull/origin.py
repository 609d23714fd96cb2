"""Origins of a worker's catalog and objects: a control plane, or another one with the same two parts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

import grpc

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.pull.direct import Rules
from pretzel.data_plane.pull.fetch import RULES, Failures, Fetcher
from pretzel.data_plane.pull.watch import Watcher
from pretzel.plan.digest import Digest
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub


class Watching(Protocol):
    """Maintains the newest known catalog."""

    target: Catalog
    replaces: str
    """Epoch that the origin declares replaced."""
    connected: bool
    breaks: int
    moved: asyncio.Event
    """Set at each change; clear it before reading :attr:`target`."""

    async def run(self) -> None:
        """Follow until cancelled."""

    async def head(self) -> int:
        """Return the present revision of the origin.

        Raises:
            grpc.aio.AioRpcError: it cannot be reached.
        """


class Fetching(Protocol):
    """Fetches objects into the cache."""

    failures: int

    @property
    def fetched_bytes(self) -> int:
        """Bytes of all objects that were fetched."""

    @property
    def direct_bytes(self) -> int:
        """Bytes of those that came from the store itself, and not through the control plane."""

    @property
    def direct_failures(self) -> int:
        """Objects that could have come from the store itself, and did not."""

    async def fetch(self, digests: Iterable[Digest]) -> Failures:
        """Fetch the objects that the cache lacks, and return those that failed, with the reason.

        Raises:
            grpc.aio.AioRpcError: the origin cannot be reached; objects fetched until then are kept.
        """


class Origin(Protocol):
    """An origin of models."""

    def open(self, cache: ObjectCache, saved: Catalog) -> tuple[Watching, Fetching]:
        """Return its parts; ``saved`` is the catalog that was served before."""


class ControlPlane:
    """A control plane, over gRPC."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        worker: str,
        rules: Rules = RULES,
        labels: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._channel, self._worker, self._rules, self._labels = channel, worker, rules, labels

    def open(self, cache: ObjectCache, saved: Catalog) -> tuple[Watcher, Fetcher]:
        """Return its parts."""
        stub = WorkerServiceStub(self._channel)
        return Watcher(stub, self._worker, saved, self._labels), Fetcher(stub, cache, self._rules)
