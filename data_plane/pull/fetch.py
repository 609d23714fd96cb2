"""Fetches objects from the control plane into the cache, and checks each digest."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterable, Sequence

import grpc
import structlog

from pretzel.data_plane.cache.disk import RESERVE, free_bytes
from pretzel.data_plane.cache.incoming import Incoming
from pretzel.data_plane.cache.layout import is_packed
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.pull.direct import DirectFetcher, Rules
from pretzel.errors import CorruptObjectError, NotFoundError, PretzelError
from pretzel.plan.digest import Digest
from pretzel.plan.wire import digest_from_proto, digest_to_proto
from pretzel.v1 import worker_pb2 as pb
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub

log = structlog.get_logger(__name__)

RULES = Rules()
BATCH = 500
"""Digests requested in one call."""
_REJECTIONS: dict[grpc.StatusCode, type[PretzelError]] = {
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.DATA_LOSS: CorruptObjectError,
}
Failures = dict[Digest, PretzelError | OSError]
"""Objects that could not be fetched, and why: the control plane lacks them, or this disk cannot store them."""


class Fetcher:
    """Fetches objects into the cache: large ones from the store itself where that is possible."""

    def __init__(self, stub: WorkerServiceStub, cache: ObjectCache, rules: Rules = RULES) -> None:
        self._stub, self._cache = stub, cache
        self.direct = DirectFetcher(stub, cache, rules)
        self._relayed_bytes = 0
        self.failures = 0

    @property
    def fetched_bytes(self) -> int:
        """Bytes of all objects that were fetched."""
        return self._relayed_bytes + self.direct.bytes

    @property
    def direct_bytes(self) -> int:
        """Bytes of those that came from the store itself."""
        return self.direct.bytes

    @property
    def direct_failures(self) -> int:
        """Objects that could have come from the store itself, and did not."""
        return self.direct.failures

    async def fetch(self, digests: Iterable[Digest]) -> Failures:
        """Fetch the objects that the cache lacks, and return those that failed, with the reason.

        The failure of one object does not affect the others.

        Raises:
            grpc.aio.AioRpcError: the control plane cannot be reached; objects fetched until then are kept.
        """
        missing = await asyncio.to_thread(lambda: [d for d in dict.fromkeys(digests) if not self._cache.has(d)])
        failures = await asyncio.to_thread(self._too_large, missing)
        failures |= await self.direct.fetch([digest for digest in missing if digest not in failures])
        missing = [digest for digest in missing if digest not in failures and not self._cache.has(digest)]
        while missing:
            batch = missing[:BATCH]
            await self._call(batch, failures)
            missing = [d for d in missing if d not in failures and not self._cache.has(d)]
        for digest, error in failures.items():
            log.error("an object cannot be fetched", digest=str(digest), error=str(error))
        self.failures += len(failures)
        return failures

    async def _call(self, batch: Sequence[Digest], failures: Failures) -> None:
        """Make one call; it fetches at least one object or adds at least one to the failures."""
        call = self._stub.FetchObjects(pb.FetchObjectsRequest(digests=[digest_to_proto(d) for d in batch]))
        arrivals = _Arrivals(self._cache, batch, failures)
        try:
            async for piece in call:
                await arrivals.take(piece)
            arrivals.end(NotFoundError("the control plane did not send it"))
        except grpc.aio.AioRpcError as error:
            if error.code() not in _REJECTIONS:
                raise
            arrivals.end(_REJECTIONS[error.code()](error.details() or ""))
        finally:
            call.cancel()
            arrivals.close()
            self._relayed_bytes += arrivals.bytes

    def _too_large(self, digests: Sequence[Digest]) -> Failures:
        """Return objects for which the disk has no room, so that they are not sent repeatedly."""
        room = free_bytes(self._cache.layout.root)
        reason = f"no room on the disk of {self._cache.layout.root}: {room} bytes are free; free some"
        most = {True: room, False: room - RESERVE}
        return {digest: OSError(errno.ENOSPC, reason) for digest in digests if digest.size > most[is_packed(digest)]}


class _Arrivals:
    """Assembles the pieces of one call: objects arrive whole and in the requested order."""

    def __init__(self, cache: ObjectCache, batch: Sequence[Digest], failures: Failures) -> None:
        self._cache, self._failures = cache, failures
        self._awaited = list(reversed(batch))
        self._incoming: Incoming | None = None
        self.bytes = 0

    async def take(self, piece: pb.FetchObjectsResponse) -> None:
        """Take one piece; a piece of an object that failed already is dropped."""
        digest = digest_from_proto(piece.digest)
        if digest in self._failures:
            return
        if not self._awaited or digest != self._awaited[-1]:
            self.end(NotFoundError("the control plane did not send all of it"))
        if self._awaited and digest == self._awaited[-1]:
            await self._add(digest, piece)

    async def _add(self, digest: Digest, piece: pb.FetchObjectsResponse) -> None:
        try:
            self._incoming = self._incoming or self._cache.receive(digest)
            if piece.offset != self._incoming.size:
                raise CorruptObjectError(f"object {digest}: piece at {piece.offset}, expected {self._incoming.size}")
            self._incoming.write(piece.data)
            self.bytes += len(piece.data)
            if self._incoming.size == digest.size:
                await self._commit(self._incoming, digest)
                self._next()
        except (CorruptObjectError, OSError) as error:
            self.end(error)

    async def _commit(self, incoming: Incoming, digest: Digest) -> None:
        """Commit an object: a large one is read back on a thread, because that must not hold the event loop."""
        if is_packed(digest):
            incoming.commit()
        else:
            await asyncio.to_thread(incoming.commit)

    def end(self, reason: PretzelError | OSError) -> None:
        """Record the awaited object, if any, as failed."""
        if self._awaited:
            self._failures[self._awaited[-1]] = reason
            self._next()

    def _next(self) -> None:
        self._awaited.pop()
        self.close()

    def close(self) -> None:
        """Drop the pieces of an unfinished object."""
        if self._incoming:
            self._incoming.close()
            self._incoming = None
