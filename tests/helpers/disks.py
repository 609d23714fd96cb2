"""Small real file systems that tests fill and free: ext4 in a file, or tmpfs in memory."""

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
    """This machine cannot mount a file system."""


@dataclass(frozen=True)
class Disk:
    """A separate mounted file system."""

    root: Path

    def room(self) -> int:
        """Return the number of free bytes."""
        status = os.statvfs(self.root)
        return status.f_bavail * status.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Fill the disk except for ``leave`` bytes, as another program would."""
        with open(self.root / "ballast", "ab", buffering=0) as ballast:
            for size in (MIB, 4096):
                try:
                    while self.room() - leave >= size and ballast.write(b"x" * size) == size:
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        """Free the space again."""
        (self.root / "ballast").unlink(missing_ok=True)

    @contextmanager
    def filled(self, leave: int = 0) -> Iterator[None]:
        """Fill the disk while the block runs."""
        self.fill(leave)
        try:
            yield
        finally:
            self.free()


@contextmanager
def ext4(directory: Path, megabytes: int) -> Iterator[Disk]:
    """Mount an ext4 image; its blocks are allocated when a page is written, as on a real disk.

    Raises:
        UnmountableError: mounting is not permitted here.
    """
    image, root = directory / "disk.img", directory / "disk"
    root.mkdir(parents=True, exist_ok=True)
    with open(image, "wb") as file:
        file.truncate(megabytes * MIB)
    _run("mkfs.ext4", "-q", "-m", "0", "-F", str(image))
    yield from _mounted(root, "-o", "loop", str(image))


@contextmanager
def tmpfs(directory: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a file system in memory, where a full disk raises SIGBUS on access to a mapped hole.

    Raises:
        UnmountableError: mounting is not permitted here.
    """
    root = directory / "disk"
    root.mkdir(parents=True, exist_ok=True)
    yield from _mounted(root, "-t", "tmpfs", "-o", f"size={megabytes}m", "none")


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a disk of either kind; skip the test if none can be mounted."""
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
