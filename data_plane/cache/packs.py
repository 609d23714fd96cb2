"""The packs of a cache directory: where small objects lie, and where the next one goes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import structlog

from pretzel.data_plane.cache.layout import PACK_SIZE, Layout, key_of
from pretzel.data_plane.cache.pack import Pack
from pretzel.data_plane.cache.quarantine import is_stranger
from pretzel.durable import Buffer
from pretzel.plan.digest import Digest

log = structlog.get_logger(__name__)


class PackWriter:
    """The one writer of a directory's packs."""

    def __init__(self, layout: Layout) -> None:
        """Read the packs that there are."""
        self._layout = layout
        self.packs = {number: Pack(layout, number) for number in layout.pack_numbers()}
        self._last = max(self.packs, default=0)

    @property
    def has_damage(self) -> bool:
        """Whether some pack has lost all its objects, or was changed by another program."""
        return any(pack.is_dead or pack.is_spoilt for pack in self.packs.values())

    def find(self, digest: Digest) -> tuple[Path, int] | None:
        """Return the pack that holds an object and where in it, or None; the newest pack where several hold it."""
        key = key_of(digest)
        for number in sorted(self.packs, reverse=True):
            entry = self.packs[number].entries.get(key)
            if entry is not None and entry[2] == digest.size:
                return self._layout.pack(number), entry[1]
        return None

    def digests(self) -> set[Digest]:
        """Return all objects that packs hold."""
        return {Digest(key.hex(), entry[2]) for pack in self.packs.values() for key, entry in pack.entries.items()}

    def append(self, digest: Digest, data: Buffer) -> None:
        """Store an object that is known to match its digest.

        Raises:
            OSError: there is no room for it, or the disk does not hold what was written; nothing names it then.
        """
        self._current(digest.size).append(digest, data)

    def flush(self) -> dict[Digest, OSError]:
        """Have the disk take what was appended; drop and return what it did not take, with the reason."""
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
        """Forget objects; their bytes stay until their pack is removed."""
        keys = {key_of(digest) for digest in digests}
        for pack in self.packs.values():
            pack.drop(keys)

    def compact(self) -> None:
        """Remove packs without objects, move what is left in sparse and spoilt ones to the newest, and remove those."""
        for number, pack in list(self.packs.items()):
            if pack.is_dead:
                self._remove(number)
        for number, pack in list(self.packs.items()):
            if pack.is_spoilt or (number != self._last and 2 * pack.live_bytes < PACK_SIZE):
                self._move(number, pack)

    def touched(self) -> set[Digest]:
        """Return the objects of packs that someone else wrote to or cut short; those packs take no more objects.

        Indexes that someone else changed are written anew.  A pack that was cut short is left so: a process that reads
        past its end must end, and not go on with zeros.
        """
        found: set[Digest] = set()
        for number, pack in self.packs.items():
            self._mend_index(number, pack)
            if pack.was_touched():
                log.error("a pack was changed by another program", pack=str(self._layout.pack(number)))
                found |= {Digest(key.hex(), entry[2]) for key, entry in pack.entries.items()}
        return found

    def _mend_index(self, number: int, pack: Pack) -> None:
        if is_stranger(self._layout.index(number)):  # it is moved aside first
            return
        try:
            if pack.mend_index():
                log.error("an index was changed by another program, and is written anew", pack=number)
        except OSError as error:
            log.warning("an index cannot be written anew now", pack=number, error=str(error))

    def abandon(self, numbers: Collection[int]) -> list[Digest]:
        """Remove packs of which a file is gone, and return the objects that they held."""
        lost = []
        for number in self.packs.keys() & set(numbers):
            lost += [Digest(key.hex(), entry[2]) for key, entry in self.packs[number].entries.items()]
            self._remove(number)
        return lost

    def close(self) -> None:
        """Close what is open."""
        for pack in self.packs.values():
            pack.close()

    def _move(self, number: int, pack: Pack) -> None:
        """Move the whole objects of a pack; keep the pack where there is no room for them elsewhere."""
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
        """Return the pack that takes an object of that size; a number is never given twice."""
        pack = self.packs.get(self._last)
        if pack is None or pack.is_full or pack.end + size > PACK_SIZE:
            pack = self.packs[self._last + 1] = Pack(self._layout, self._last + 1)
            self._last += 1
        return pack
