"""Where things lie in a cache directory, and the form of a pack's index."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from pretzel.plan.digest import Digest

SMALL = 64 * 1024
"""Objects under this many bytes are packed."""
PACK_SIZE = 64 << 20
"""Size of a pack, taken (sparsely) when it is made: so a map of the whole pack stays good while it fills."""
ALIGNMENT = 64
"""Objects begin at multiples of this, as the arrays in them may need."""
ENTRY = struct.Struct("<32sQQ")
"""One entry of an index: SHA-256, offset in the pack, size."""


class Layout:
    """The paths of one cache directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = root / "objects"
        self.packs = root / "packs"
        self.incoming = root / "incoming"
        self.catalog = root / "catalog"
        self.lock = root / "lock"

    def make(self) -> None:
        """Make the directories."""
        for path in (self.objects, self.packs, self.incoming):
            path.mkdir(parents=True, exist_ok=True)

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
        return sorted(int(path.stem) for path in self.packs.glob("*.index") if path.stem.isdigit())


def is_packed(digest: Digest) -> bool:
    """Return whether an object lies in a pack."""
    return digest.size < SMALL


def key_of(digest: Digest) -> bytes:
    """Return the name of an object inside an index."""
    return bytes.fromhex(digest.hex)


def read_entries(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Give the whole entries of an index: key, offset and size; a torn last one is left out."""
    return ENTRY.iter_unpack(data[: len(data) - len(data) % ENTRY.size])


def replace(path: Path, data: bytes, *, mode: int = 0o444, sync: bool = False) -> None:
    """Write a file beside its place, then rename it there, so that a reader sees all of it or nothing."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if sync:
            os.fsync(descriptor)
    os.rename(beside, path)
    if sync:
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
