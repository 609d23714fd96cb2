"""A cache with objects, and the ways to damage it."""

from __future__ import annotations

import mmap
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pretzel.data_plane.cache.layout import SMALL, Layout
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog
from pretzel.plan.digest import Digest

SMALL_SIZE, LARGE_SIZE = 500, SMALL + 500


def blob(size: int, seed: int = 0) -> tuple[Digest, bytes]:
    data = random.Random(f"{size} {seed}").randbytes(size)
    return Digest.of(data), data


BLOBS = [blob(size, seed) for size in (SMALL_SIZE, LARGE_SIZE) for seed in range(4)]
CATALOG = Catalog("epoch", 3, {})


def as_directory(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


def as_link_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def as_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def as_empty(path: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, 0)


def as_noise(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(random.Random(0).randbytes(path.stat().st_size % 100_000 + 7))


DISGUISES = [as_directory, as_link_loop, as_fifo, as_dangling_link, as_empty, as_noise]


def flip(cache: ObjectCache, digest: Digest, at: int = 100) -> None:
    path, offset = cache.place(digest)
    path.chmod(0o644)
    with open(path, "r+b") as file:
        file.seek(offset + at)
        byte = file.read(1)[0]
        file.seek(offset + at)
        file.write(bytes([byte ^ 8]))


@contextmanager
def writable(cache: ObjectCache, digest: Digest) -> Iterator[memoryview]:
    """Map an object so that it can be written."""
    path, offset = cache.place(digest)
    path.chmod(0o644)
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as page, memoryview(page) as view:
        with view[offset : offset + digest.size] as part:
            yield part


def place(root: Path, what: str) -> Path:
    layout = Layout(root)
    files = {"pack": layout.pack(1), "index": layout.index(1), "catalog": layout.catalog, "lock": layout.lock}
    return files.get(what) or layout.file(BLOBS[-1][0])
