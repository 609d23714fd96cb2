"""Layout of a cache directory: the paths of objects, packs, indexes and the catalog."""

from __future__ import annotations

import re
from pathlib import Path

from pretzel.engine import FIRST_KERNEL_SET, KERNEL_SET
from pretzel.plan.digest import Digest

SMALL = 64 * 1024
"""Objects under this many bytes are packed."""
PACK_SIZE = 64 << 20
"""Size of a pack, reserved sparsely when it is created, so that a map of the whole pack stays valid while it fills."""
ALIGNMENT = 64
"""Objects start at multiples of this, as their arrays may need."""
_HEX = re.compile(r"[0-9a-f]{64}")


class Layout:
    """The paths of one cache directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = root / "objects"
        self.packs = root / "packs"
        self.incoming = root / "incoming"
        self.damaged = root / "damaged"
        # A worker of other kernels, before or after an upgrade, has other plans.
        self.catalog = root / ("catalog" if KERNEL_SET == FIRST_KERNEL_SET else f"catalog-{KERNEL_SET}")
        self.lock = root / "lock"

    @property
    def directories(self) -> tuple[Path, ...]:
        """The directories of a cache, below its root."""
        return self.objects, self.packs, self.incoming, self.damaged

    def file(self, digest: Digest) -> Path:
        """Return the path of a large object."""
        return self.objects / digest.hex[:2] / digest.hex

    def pack(self, number: int) -> Path:
        """Return the path of a pack."""
        return self.packs / f"{number:06d}.pack"

    def index(self, number: int) -> Path:
        """Return the path of a pack's index."""
        return self.packs / f"{number:06d}.index"

    def pack_numbers(self) -> list[int]:
        """Return the numbers of the existing packs, oldest first."""
        return sorted(number_of(path.name) for path in self.packs.glob("*.index") if number_of(path.name) > 0)


def is_packed(digest: Digest) -> bool:
    """Return whether an object is stored in a pack."""
    return digest.size < SMALL


def key_of(digest: Digest) -> bytes:
    """Return the key of an object in an index."""
    return bytes.fromhex(digest.hex)


def number_of(name: str) -> int:
    """Return the number of the pack that a file of this name belongs to; 0 if it is neither a pack nor an index."""
    stem, _, suffix = name.partition(".")
    return int(stem) if suffix in ("pack", "index") and len(stem) == 6 and stem.isdecimal() and stem.isascii() else 0


def is_object(folder: str, name: str) -> bool:
    """Return whether a file of this name in this folder of `objects/` is a large object."""
    return _HEX.fullmatch(name) is not None and name[:2] == folder


def aligned(offset: int) -> int:
    """Return the first offset at or after the given one where an object may start."""
    return -(-offset // ALIGNMENT) * ALIGNMENT
