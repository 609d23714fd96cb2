"""The packs of a cache directory: look-up of small objects, appending, and compaction."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import structlog

from pretzel.data_plane.cache.layout import PACK_SIZE, Layout, key_of
from pretzel.data_plane.cache.pack import Pack
from pretzel.data_plane.cache.quarantine import is_stranger
from pretzel.plan.digest import Digest
from pretzel.serving.durable import Buffer

log = structlog.get_logger(__name__)


class PackWriter:
    """The only writer of a directory's packs."""

    def __init__(self, layout: Layout) -> None:
        """Read the existing packs."""
        self._layout = layout
        self.packs = {number: Pack(layout, number) for number in layout.pack_numbers()}
        self._last = max(self.packs, default=0)

    @property
    def has_damage(self) -> bool:
        """True if a pack has lost all its objects, or was changed by another program."""
        return any(pack.is_dead or pack.is_spoilt for pack in self.packs.values())

    def find(self, digest: Digest) -> tuple[Path, int] | None:
        """Return the newest pack that holds an object, and its offset there; None if no pack holds it."""
        key = key_of(digest)
        for number in sorted(self.packs, reverse=True):
            entry = self.packs[number].entries.get(key)
            if entry is not None and entry[2] == digest.size:
                return self._layout.pack(number), entry[1]
        return None

    def digests(self) -> set[Digest]:
        """Return all objects in packs."""
        return {Digest(key.hex(), entry[2]) for pack in self.packs.values() for key, entry in pack.entries.items()}

    def append(self, digest: Digest, data: Buffer) -> None:
        """Store an object whose digest has been checked.

        Raises:
            OSError: the disk is full or did not store the bytes; no entry names them then.
        """
        self._current(digest.size).append(digest, data)

    def flush(self) -> dict[Digest, OSError]:
        """Flush appended objects; drop those that could not be flushed, and return them with the reason."""
        lost: dict[Digest, OSError] = {}
        for number, pack in self.packs.items():
            appended = list(pack.unflushed)
            try:
                pack.flush()
            except OSError as error:
                lost |= dict.fromkeys(appended, error)
                pack.is_full = True
            if number != self._last:
                pack.close()
        self.drop(list(lost))
        return lost

    def drop(self, digests: list[Digest]) -> None:
        """Remove objects; their bytes stay until their pack is removed."""
        keys = {key_of(digest) for digest in digests}
        for pack in self.packs.values():
            pack.drop(keys)

    def compact(self) -> None:
        """Remove empty packs, move the objects of sparse and spoilt ones to the newest, and remove those too."""
        for number, pack in list(self.packs.items()):
            if pack.is_dead:
                self._remove(number)
        for number, pack in list(self.packs.items()):
            if pack.is_spoilt or (number != self._last and 2 * pack.live_bytes < PACK_SIZE):
                self._move(number, pack)

    def touched(self) -> set[Digest]:
        """Return the objects of packs that another program wrote to or truncated; those packs take no more objects.

        Indexes that another program changed are rewritten.  A truncated pack is left so: a process that reads past its
        end must crash, and not continue with zeros.
        """
        objects: set[Digest] = set()
        for number, pack in self.packs.items():
            self._repair_index(number, pack)
            if pack.was_touched():
                log.error("a pack was changed by another program", pack=str(self._layout.pack(number)))
                objects |= {Digest(key.hex(), entry[2]) for key, entry in pack.entries.items()}
        return objects

    def _repair_index(self, number: int, pack: Pack) -> None:
        if is_stranger(self._layout.index(number)):  # it is quarantined first
            return
        try:
            if pack.repair_index():
                log.error("an index was changed by another program, and is rewritten", pack=number)
        except OSError as error:
            log.warning("an index cannot be rewritten now", pack=number, error=str(error))

    def abandon(self, numbers: Collection[int]) -> list[Digest]:
        """Remove packs that lost a file, and return their objects."""
        lost = []
        for number in self.packs.keys() & set(numbers):
            lost += [Digest(key.hex(), entry[2]) for key, entry in self.packs[number].entries.items()]
            self._remove(number)
        return lost

    def close(self) -> None:
        """Close the open files."""
        for pack in self.packs.values():
            pack.close()

    def _move(self, number: int, pack: Pack) -> None:
        """Move the intact objects of a pack; keep the pack if the disk has no room for them."""
        try:
            for digest, data in pack.objects():
                if self.find(digest) == (self._layout.pack(number), pack.entries[key_of(digest)][1]):
                    self.append(digest, data)
        except OSError as error:
            log.warning("a pack cannot be compacted now", pack=number, error=str(error))
        else:
            self._remove(number)

    def _remove(self, number: int) -> None:
        self.packs.pop(number).remove()

    def _current(self, size: int) -> Pack:
        """Return the pack that takes an object of that size; pack numbers are never reused."""
        pack = self.packs.get(self._last)
        if pack is not None:
            pack.notice()
        if pack is None or pack.is_full or pack.end + size > PACK_SIZE:
            pack = self.packs[self._last + 1] = Pack(self._layout, self._last + 1)
            self._last += 1
        return pack
