"""Ways to damage the cache of a running worker."""

from __future__ import annotations

import os
from pathlib import Path

from pretzel.data_plane.cache.layout import Layout


def flip(path: Path, every: int = 4096) -> None:
    """Change a byte of each page, keeping the file's times, as a failing disk or memory would."""
    times = os.stat(path)
    path.chmod(0o644)
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        for at in range(70, len(data), every):
            data[at] ^= 0x11
        file.seek(0)
        file.write(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def objects(cache: Path) -> list[Path]:
    return list(Layout(cache).objects.glob("??/*"))


def used_part(cache: Path) -> Path:
    return Layout(cache).pack(1)


def flip_pack(cache: Path) -> None:
    pack = used_part(cache)
    times = os.stat(pack)
    pack.chmod(0o644)
    with open(pack, "r+b") as file:
        data = bytearray(file.read(1 << 20))
        for at in range(70, len(data), 512):
            data[at] ^= 0x11
        file.seek(0)
        file.write(data)
    os.utime(pack, ns=(times.st_atime_ns, times.st_mtime_ns))


def flip_objects(cache: Path) -> None:
    for path in objects(cache):
        flip(path)


def cut_pack(cache: Path) -> None:
    os.truncate(used_part(cache), 0)


def cut_objects(cache: Path) -> None:
    for path in objects(cache):
        os.truncate(path, 4096)


def delete_objects(cache: Path) -> None:
    for path in objects(cache):
        path.unlink()
