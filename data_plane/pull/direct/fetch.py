"""Fetches large objects by URLs of the control plane; what cannot be had this way is left to be fetched from it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Self

import grpc
import structlog
import urllib3

from pretzel.data_plane.cache.incoming import Incoming
from pretzel.data_plane.cache.layout import is_packed
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.pull.direct.hosts import Hosts, Rules
from pretzel.data_plane.pull.direct.transfer import ExpiredError, Transfer, UnreachableError
from pretzel.errors import PretzelError
from pretzel.plan.digest import Digest
from pretzel.plan.wire import digest_from_proto, digest_to_proto
from pretzel.v1 import worker_pb2 as pb
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub

log = structlog.get_logger(__name__)

_GROUP = 32
"""Objects of one request for URLs, so that these are used before they expire."""
_AT_ONCE = 4
_LOCATE_SECONDS = 10.0
_URLS = 3
"""URLs that are asked for one object."""


class DirectFetcher:
    """Fetches objects from the store itself."""

    def __init__(self, stub: WorkerServiceStub, cache: ObjectCache, rules: Rules) -> None:
        self._stub, self._cache, self._rules = stub, cache, rules
        self._hosts = Hosts(rules)
        self.bytes = 0
        """Bytes of the objects that came this way."""
        self.failures = 0
        """Objects that have a URL and did not come this way."""

    async def fetch(self, digests: Sequence[Digest]) -> dict[Digest, OSError]:
        """Fetch the large ones that have URLs; return those that this disk cannot store."""
        large = sorted((d for d in digests if not is_packed(d)), key=lambda digest: digest.size, reverse=True)
        failed: dict[Digest, OSError] = {}
        if not large or not self._rules.direct:
            return failed
        with self._rules.pool() as pool:
            for first in range(0, len(large), _GROUP):
                urls = await self._locate(large[first : first + _GROUP])
                if not urls:  # smaller ones have none either
                    break
                await self._fetch_group(pool, urls, failed)
        return failed

    async def _locate(self, digests: Sequence[Digest]) -> dict[Digest, str]:
        """Return the URLs of objects; none from a control plane that is away, or older than this worker."""
        request = pb.LocateObjectsRequest(digests=[digest_to_proto(digest) for digest in digests])
        try:
            answer = await self._stub.LocateObjects(request, timeout=_LOCATE_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.debug("objects cannot be located", code=error.code().name)
            return {}
        found = {digest_from_proto(location.digest): location.url for location in answer.locations}
        return {digest: found[digest] for digest in digests if digest in found}

    async def _fetch_group(
        self, pool: urllib3.PoolManager, urls: Mapping[Digest, str], failed: dict[Digest, OSError]
    ) -> None:
        turns = asyncio.Semaphore(_AT_ONCE)

        async def fetch(digest: Digest, url: str) -> None:
            async with turns:
                try:
                    came = await self._fetch_one(pool, digest, url)
                except OSError as error:
                    failed[digest] = error
                    return
            self.bytes += digest.size if came else 0
            self.failures += not came

        async with asyncio.TaskGroup() as tasks:
            for digest, url in urls.items():
                tasks.create_task(fetch(digest, url))

    async def _fetch_one(self, pool: urllib3.PoolManager, digest: Digest, url: str) -> bool:
        """Fetch an object, and return whether it came.

        Raises:
            OSError: this disk cannot store it.
        """
        if not self._hosts.take(url):
            return False
        with _Running(pool, digest, await asyncio.to_thread(self._cache.receive, digest)) as running:
            for _ in range(_URLS):
                host = self._hosts.take(url)
                if not host:
                    return False
                try:
                    await running.fetch(url)
                    self._hosts.answered(host)
                    return True
                except ExpiredError as error:
                    reason = str(error)
                    url = (await self._locate([digest])).get(digest, "")
                    if not url:
                        return False
                except UnreachableError as error:
                    self._hosts.failed(host, str(error))
                    return False
                except PretzelError as error:
                    log.warning("an object is fetched through the control plane", reason=str(error))
                    return False
            self._hosts.failed(host, reason)
        return False


class _Running:
    """A transfer on a thread.  What it received is dropped when it has ended, unless the object was stored."""

    def __init__(self, pool: urllib3.PoolManager, digest: Digest, incoming: Incoming) -> None:
        self._transfer, self._incoming = Transfer(pool, digest, incoming), incoming
        self._work: asyncio.Future[None] | None = None

    async def fetch(self, url: str) -> None:
        """Continue with a URL; raises as :meth:`Transfer.run`."""
        self._work = asyncio.ensure_future(asyncio.to_thread(self._transfer.run, url))
        await asyncio.shield(self._work)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._work is None or self._work.done():
            self._incoming.close()
        else:  # this task was cancelled
            self._transfer.stop()
            self._work.add_done_callback(self._drop)

    def _drop(self, work: asyncio.Future[None]) -> None:
        self._incoming.close()
        if not work.cancelled():
            work.exception()  # it was stopped
