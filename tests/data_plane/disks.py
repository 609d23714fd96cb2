"""Small real disks for tests: an ext4 file system in a file where this machine lets us mount one, else a tmpfs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MIB = 1 << 20


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of that size below a folder; skip the test where nothing can be mounted."""
    image, at = folder / "disk.img", folder / "disk"
    at.mkdir()
    if not (_ext4(image, at, megabytes) or _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(at))):
        pytest.skip("no small disk: neither an ext4 loop mount nor a tmpfs can be mounted here")
    try:
        yield at
    finally:
        _run("umount", "--lazy", str(at))
        image.unlink(missing_ok=True)


@contextmanager
def filled(disk: Path, left: int) -> Iterator[None]:
    """Fill a disk with another program's file until about so many bytes are left."""
    stuffing = disk / "stuffing"
    with open(stuffing, "wb", buffering=0) as file:
        for size in (MIB, 4096):
            while room(disk) - left >= size and file.write(b"x" * size) == size:
                pass
    try:
        yield
    finally:
        stuffing.unlink()


def room(disk: Path) -> int:
    """Bytes that are free on a disk."""
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def _ext4(image: Path, at: Path, megabytes: int) -> bool:
    with open(image, "wb") as file:
        file.truncate(megabytes * MIB)
    return _run("mkfs.ext4", "-q", "-m", "0", "-F", str(image)) and _run("mount", "-o", "loop", str(image), str(at))


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    except FileNotFoundError:
        return False
