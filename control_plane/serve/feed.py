"""Changes of the catalog as a stream: what a watcher missed, then each change as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pretzel.control_plane.catalog import Catalog, Changes
from pretzel.errors import UnavailableError


class Feed:
    """Wakes watchers when the catalog changes.  For one event loop."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._closed = False

    def notify(self) -> None:
        """Say, from any thread, that the catalog has changed."""
        self._loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """End every watch: the server is going away."""
        self._closed = True
        self._wake()

    async def watch(self, epoch: str, revision: int) -> AsyncIterator[Changes]:
        """Yield what a watcher at (epoch, revision) must apply: at once, though it be empty, then with each change.

        Raises:
            UnavailableError: the server is going away.
        """
        first = True
        while not self._closed:
            changed = self._changed  # taken before the look, so that no change falls between the two
            found = await asyncio.to_thread(self._catalog.changes, epoch, revision)
            if first or found.snapshot or found.revision != revision:
                yield found
            first, epoch, revision = False, found.epoch, found.revision
            await changed.wait()
        raise UnavailableError("the control plane is going away; watch again in a moment")

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
