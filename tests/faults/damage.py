"""Ways to damage a file."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path


def flip(path: Path, chosen: random.Random) -> None:
    """Change one bit in place, as a bad disk does; a mapping of the file sees it."""
    size = path.stat().st_size
    if size:
        path.chmod(0o644)
        with open(path, "r+b", buffering=0) as file:
            at = chosen.randrange(size)
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1 << chosen.randrange(8)]))


def truncate(path: Path, chosen: random.Random) -> None:
    """Truncate a file in place; an access to a mapping past its end raises SIGBUS."""
    path.chmod(0o644)
    os.truncate(path, chosen.randrange(path.stat().st_size or 1))


def remove(path: Path, chosen: random.Random) -> None:
    """Remove a file."""
    path.unlink()


def make_directory(path: Path, chosen: random.Random) -> None:
    """Replace a file by a directory."""
    path.unlink()
    path.mkdir()


def make_loop(path: Path, chosen: random.Random) -> None:
    """Replace a file by a link to itself."""
    path.unlink()
    path.symlink_to(path.name)


KINDS: dict[str, Callable[[Path, random.Random], None]] = {
    kind.__name__: kind for kind in (flip, truncate, remove, make_directory, make_loop)
}


def clear(path: Path) -> None:
    """Remove any file or directory."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
