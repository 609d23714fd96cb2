"""Small real file systems that tests fill and free: ext4 in a file, or one in memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MIB = 1 << 20


class UnmountableError(Exception):
    """No file system can be mounted here."""


@dataclass(frozen=True)
class Disk:
    """A mounted file system of its own."""

    root: Path

    def room(self) -> int:
        """Return how many bytes are free."""
        found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Take all free space but ``leave`` bytes, as another program does."""
        with open(self.root / "ballast", "ab", buffering=0) as ballast:
            for size in (MIB, 4096):
                try:
                    while self.room() - leave >= size and ballast.write(b"x" * size) == size:
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        """Give the space back."""
        (self.root / "ballast").unlink(missing_ok=True)

    @contextmanager
    def filled(self, leave: int = 0) -> Iterator[None]:
        """Take the space while the block runs."""
        self.fill(leave)
        try:
            yield
        finally:
            self.free()


@contextmanager
def ext4(directory: Path, megabytes: int) -> Iterator[Disk]:
    """Mount an ext4 image; its blocks are allocated when a page is written, as on a real disk.

    Raises:
        UnmountableError: this machine does not let us.
    """
    image, root = directory / "disk.img", directory / "disk"
    root.mkdir(parents=True, exist_ok=True)
    with open(image, "wb") as file:
        file.truncate(megabytes * MIB)
    _run("mkfs.ext4", "-q", "-m", "0", "-F", str(image))
    yield from _mounted(root, "-o", "loop", str(image))


@contextmanager
def tmpfs(directory: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a file system in memory, where a full disk shows as SIGBUS in whoever touches a mapped hole.

    Raises:
        UnmountableError: this machine does not let us.
    """
    root = directory / "disk"
    root.mkdir(parents=True, exist_ok=True)
    yield from _mounted(root, "-t", "tmpfs", "-o", f"size={megabytes}m", "none")


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a disk of either kind; skip the test where none can be mounted."""
    with ExitStack() as mounted:
        for kind in (ext4, tmpfs):
            try:
                disk = mounted.enter_context(kind(directory, megabytes))
                break
            except UnmountableError as error:
                problem = error
        else:
            pytest.skip(f"no small disk can be mounted here: {problem}")
        yield disk


def _mounted(root: Path, *source: str) -> Iterator[Disk]:
    _run("mount", *source, str(root))
    try:
        yield Disk(root)
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=False, capture_output=True)


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    except FileNotFoundError as error:
        raise UnmountableError(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise UnmountableError(f"{' '.join(command)}: {error.stderr.strip()}") from error
