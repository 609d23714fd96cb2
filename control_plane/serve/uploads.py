"""Bounds of uploads: open ones per host and overall, and the time that a stream may let the server wait."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.quotas import NO_QUOTA, Quota
from pretzel.errors import DeadlineError, ExhaustedError
from pretzel.plan.digest import Digest

BYTES_PER_SECOND = 16 << 10
"""Rate below which a stream uses up its patience."""
RETRY_SECONDS = 1.0
"""Delay that is suggested to an upload that found no room."""
Message = TypeVar("Message")


class OpenUploads:
    """Counts the open uploads.  For one event loop."""

    def __init__(self, most: int) -> None:
        """Allow ``most`` together, and half of them to one host."""
        self._most, self._of_host = most, max(most // 2, 1)
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    @contextmanager
    def opened(self, host: str) -> Iterator[None]:
        """Count an upload of a host while the block runs.

        Raises:
            ExhaustedError: too many are open; the error suggests when to retry.
        """
        if self._open.total() >= self._most:
            raise _full(f"{self._most} uploads are open already")
        if self._open[host] >= self._of_host:
            raise _full(f"{self._of_host} uploads of {host or 'this socket'} are open already")
        self._open[host] += 1
        try:
            yield
        finally:
            self._open[host] -= 1
            if not self._open[host]:
                del self._open[host]


class Kept:
    """Keeps the objects that one client uploads."""

    def __init__(self, catalog: Catalog, seconds: float, client: str, quota: Quota = NO_QUOTA) -> None:
        """Lease objects to ``client`` for ``seconds``; ``quota`` is charged."""
        self._catalog, self._seconds, self._client, self._quota = catalog, seconds, client, quota

    def lease(self, digest: Digest) -> None:
        """Keep an object from collection."""
        self._catalog.lease([digest], self._seconds, self._client)

    def reserve(self, digest: Digest) -> None:
        """Count the bytes of an object that arrives."""
        self._catalog.reserve(digest, self._client, self._seconds, self._quota)

    def give_back(self, digest: Digest) -> None:
        """Do not count an object that did not arrive."""
        self._catalog.give_back(digest, self._client, self._quota)


class Patience:
    """The time that a peer may let the server wait: ``seconds`` at once, and more for what it sends."""

    def __init__(self, seconds: float) -> None:
        self._seconds = self._left = seconds

    async def pieces(self, stream: AsyncIterator[Message], size: str) -> AsyncIterator[Message]:
        """Yield the messages of a stream; waiting for one costs patience, each byte of ``size`` restores some.

        Raises:
            DeadlineError: the stream is idle, or slower than :data:`BYTES_PER_SECOND`, for too long.
        """
        messages = aiter(stream)
        while True:
            began = time.monotonic()
            try:
                async with asyncio.timeout(self._left):
                    message = await anext(messages)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise DeadlineError(
                    f"upload: the client sent less than {BYTES_PER_SECOND >> 10} KiB/s for {self._seconds:g} s; "
                    "send the rest again, faster"
                ) from None
            self._left -= time.monotonic() - began
            self._left = min(self._left + len(getattr(message, size)) / BYTES_PER_SECOND, self._seconds)
            yield message


def _full(what: str) -> ExhaustedError:
    error = ExhaustedError(f"upload: {what}; retry in a moment")
    error.retry_after = RETRY_SECONDS
    return error
