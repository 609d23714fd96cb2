"""Changes of the catalog as a stream: first those that a watcher missed, then each new change."""

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
        """Announce a change of the catalog, from any thread."""
        self._loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """End every watch: the server is stopping."""
        self._closed = True
        self._wake()

    async def watch(self, epoch: str, revision: int, kernel_set: str = "") -> AsyncIterator[Changes]:
        """Yield the changes for a watcher at (epoch, revision): at once, even if empty, then on each change.

        Versions have their plans for the kernels of the watcher, where there are some.

        Raises:
            UnavailableError: the server is stopping.
        """
        first = True
        while not self._closed:
            changed = self._changed  # taken before the query, so that no change is missed in between
            changes = await asyncio.to_thread(self._catalog.changes, epoch, revision, kernel_set)
            if first or changes.snapshot or changes.revision != revision:
                yield changes
            first, epoch, revision = False, changes.epoch, changes.revision
            await changed.wait()
        raise UnavailableError("the control plane is stopping; watch again in a moment")

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
