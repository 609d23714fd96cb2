"""Quarantine of a cache: moves damaged objects, and foreign files in the place of the cache's own, to `damaged/`."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
from pathlib import Path

import structlog

from pretzel.data_plane.cache.layout import Layout, is_object, number_of

log = structlog.get_logger(__name__)

KEPT = 8
"""Files kept in quarantine for inspection; the oldest is deleted when another arrives."""


class Quarantine:
    """The directory `damaged/` of a cache."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._numbers = itertools.count(1)

    def take(self, path: Path) -> None:
        """Move any file or directory to quarantine; delete it if it cannot be moved.

        Raises:
            OSError: it can be neither moved nor deleted.
        """
        try:
            self._move(path)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("a damaged file cannot be moved to quarantine and is deleted", path=str(path), error=str(error))
            delete(path)

    def empty(self) -> None:
        """Delete everything in quarantine to free its space."""
        for path in self._kept():
            delete(path)

    def _move(self, path: Path) -> None:
        name = next(n for n in map(self._name, itertools.repeat(path), self._numbers) if not n.exists())
        path.rename(name)
        for old in self._kept()[:-KEPT]:
            delete(old)

    def _name(self, path: Path, number: int) -> Path:
        return self._layout.damaged / f"{path.name}.{number}"

    def _kept(self) -> list[Path]:
        return sorted(self._layout.damaged.iterdir(), key=lambda path: path.lstat().st_ctime_ns)


def clear_strangers(layout: Layout, quarantine: Quarantine) -> list[Path]:
    """Create the directories of a cache, move foreign files in them to quarantine, and return these.

    Partial writes of a crash, and packs without an index, are deleted.
    """
    strangers = [path for path in layout.directories if is_stranger(path, folder=True)]
    for path in strangers:  # before there is a quarantine to take them
        delete(path)
    for path in layout.directories:
        path.mkdir(parents=True, exist_ok=True)
    for path in leftovers(layout):
        delete(path)
    strangers += (foreign := misplaced(layout))
    for path in foreign:
        quarantine.take(path)
    for path in strangers:
        log.error("a path of the cache is not a regular file of it and is moved to quarantine", path=str(path))
    return strangers


def misplaced(layout: Layout) -> list[Path]:
    """Return paths among the catalog, packs and objects that are none of these."""
    folders = listing(layout.objects)
    wrong = [folder for folder in folders if is_stranger(folder, folder=True) or len(folder.name) != 2]
    half_written = set(leftovers(layout))
    packs = [path for path in listing(layout.packs) if path not in half_written]
    wrong += [path for path in packs if is_stranger(path) or not number_of(path.name)]
    for folder in set(folders) - set(wrong):
        wrong += [path for path in listing(folder) if is_stranger(path) or not is_object(folder.name, path.name)]
    return [*wrong, layout.catalog] if is_stranger(layout.catalog) else wrong


def leftovers(layout: Layout) -> list[Path]:
    """Return partial writes of a crash, and packs without an index."""
    unnamed = [path for path in layout.packs.glob("*.pack") if not os.path.lexists(path.with_suffix(".index"))]
    return [*listing(layout.incoming), *unnamed, *layout.packs.glob(".*.new"), *layout.root.glob(".*.new")]


def is_stranger(path: Path, *, folder: bool = False) -> bool:
    """Return whether a path exists and is not a regular file, or with ``folder`` not a directory."""
    if not os.path.lexists(path):
        return False
    return not path.is_dir() if folder else not stat.S_ISREG(path.lstat().st_mode)


def listing(folder: Path) -> list[Path]:
    """Return the entries of a directory; empty if it does not exist."""
    return list(folder.iterdir()) if folder.is_dir() else []


def delete(path: Path) -> None:
    """Delete any file or directory."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
