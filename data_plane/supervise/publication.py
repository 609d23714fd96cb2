"""State that every serving process receives: numbered catalogs, and announcements that hold until replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.records import Records


class Publication:
    """The newest catalog and the announcements, as messages to processes that have the previous catalog, or none."""

    def __init__(self) -> None:
        self.serial = 0
        """Number of the newest catalog."""
        self.revisions = {0: ("", 0)}
        """Epoch and revision of each catalog that some process may still answer from, by its number."""
        self.announced: dict[str, dict[str, Any]] = {}
        """The last announcement of each kind."""
        self._catalog = Catalog()

    def move(self, catalog: Catalog, lowest: int) -> dict[str, Any]:
        """Make a catalog the newest, and return its difference from the previous one.

        ``lowest`` is the oldest catalog that a process answers from.
        """
        before, self._catalog = self._catalog, catalog
        self.serial += 1
        self.revisions = {serial: revision for serial, revision in self.revisions.items() if serial >= lowest}
        self.revisions[self.serial] = catalog.epoch, catalog.revision
        return self._difference(before)

    def all(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the messages for a new process: the kind of each, and its fields."""
        yield "catalog", self._difference(None)
        yield from self.announced.items()

    def _difference(self, before: Catalog | None) -> dict[str, Any]:
        changed, deleted = self._catalog.records.since(before.records if before else Records())
        return {
            "serial": self.serial,
            "epoch": self._catalog.epoch,
            "revision": self._catalog.revision,
            "models": list(changed.items()),
            "deleted": deleted,
            "whole": before is None,
        }
