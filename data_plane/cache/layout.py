"""Where things lie in a cache directory."""

from __future__ import annotations

import re
from pathlib import Path

from pretzel.plan.digest import Digest

SMALL = 64 * 1024
"""Objects under this many bytes are packed."""
PACK_SIZE = 64 << 20
"""Size of a pack, taken (sparsely) when it is made: so a map of the whole pack stays good while it fills."""
ALIGNMENT = 64
"""Objects begin at multiples of this, as the arrays in them may need."""
_HEX = re.compile(r"[0-9a-f]{64}")


class Layout:
    """The paths of one cache directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = root / "objects"
        self.packs = root / "packs"
        self.incoming = root / "incoming"
        self.damaged = root / "damaged"
        self.catalog = root / "catalog"
        self.lock = root / "lock"

    @property
    def directories(self) -> tuple[Path, ...]:
        """The directories of a cache, below its root."""
        return self.objects, self.packs, self.incoming, self.damaged

    def file(self, digest: Digest) -> Path:
        """Return where a large object lies."""
        return self.objects / digest.hex[:2] / digest.hex

    def pack(self, number: int) -> Path:
        """Return where a pack lies."""
        return self.packs / f"{number:06d}.pack"

    def index(self, number: int) -> Path:
        """Return where a pack's index lies."""
        return self.packs / f"{number:06d}.index"

    def pack_numbers(self) -> list[int]:
        """Return the packs there are, oldest first."""
        return sorted(number_of(path.name) for path in self.packs.glob("*.index") if number_of(path.name) > 0)


def is_packed(digest: Digest) -> bool:
    """Return whether an object lies in a pack."""
    return digest.size < SMALL


def key_of(digest: Digest) -> bytes:
    """Return the name of an object inside an index."""
    return bytes.fromhex(digest.hex)


def number_of(name: str) -> int:
    """Return the pack that a file of this name belongs to, or 0 where it is neither a pack nor an index."""
    stem, _, suffix = name.partition(".")
    return int(stem) if suffix in ("pack", "index") and len(stem) == 6 and stem.isdecimal() and stem.isascii() else 0


def is_object(folder: str, name: str) -> bool:
    """Return whether a file of this name in this folder of `objects/` is a large object."""
    return _HEX.fullmatch(name) is not None and name[:2] == folder


def aligned(offset: int) -> int:
    """Return the first place at or after an offset where an object may begin."""
    return -(-offset // ALIGNMENT) * ALIGNMENT
