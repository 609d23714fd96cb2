"""Small file systems that can be filled and freed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class UnmountableError(Exception):
    """No file system can be mounted here."""


@dataclass(frozen=True)
class Disk:
    """A mounted file system of its own."""

    root: Path

    def fill(self, leave: int = 0) -> None:
        """Take all free space but ``leave`` bytes."""
        with open(self.root / "ballast", "ab", buffering=0) as ballast:
            piece = bytes(64 << 10)
            while os.statvfs(self.root).f_bavail * os.statvfs(self.root).f_frsize > leave:
                try:
                    if ballast.write(piece) < len(piece):
                        break
                except OSError:
                    break

    def free(self) -> None:
        """Give the space back."""
        (self.root / "ballast").unlink(missing_ok=True)


@contextmanager
def ext4(directory: Path, megabytes: int) -> Iterator[Disk]:
    """Mount an ext4 image; its blocks are allocated when a page is written, as on a real disk."""
    image, root = directory / "disk.img", directory / "disk"
    directory.mkdir(parents=True, exist_ok=True)
    root.mkdir()
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
    _run("mkfs.ext4", "-q", "-m", "0", str(image))
    yield from _mounted(root, "-o", "loop", str(image))


@contextmanager
def tmpfs(directory: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a file system in memory, where a full disk shows as SIGBUS in whoever touches a mapped hole."""
    root = directory / "disk"
    root.mkdir(parents=True)
    yield from _mounted(root, "-t", "tmpfs", "-o", f"size={megabytes}m", "none")


def _mounted(root: Path, *source: str) -> Iterator[Disk]:
    _run("mount", *source, str(root))
    try:
        yield Disk(root)
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=False, capture_output=True)


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise UnmountableError(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise UnmountableError(f"{' '.join(command)}: {error.stderr.strip()}") from error
