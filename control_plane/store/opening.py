"""Opens the store that a URL names; every module of this package may define one scheme."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

from pretzel.control_plane import store
from pretzel.control_plane.store.directory import DirectoryStore
from pretzel.control_plane.store.interface import SCHEMES, ObjectStore, Room
from pretzel.errors import InputError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")


COPIES = "copies"
"""Directory in a data directory for copies of objects that are stored elsewhere."""


def open_store(url: str, *, sweep: bool = True, room: Room | None = None, shared: bool = False) -> ObjectStore:
    """Open the store of a URL, such as ``file:///var/objects``; a bare path is a directory.

    Args:
        url: the scheme selects the store, which reads the rest.
        sweep: remove partial writes of an earlier process.
        room: directory of this process for copies, if the objects are stored elsewhere.
        shared: allow other control planes over the same catalog to use it too.

    Raises:
        InputError: the scheme is unknown, or the rest is not a location of it.
        PreconditionError: another process uses the store, or it cannot be opened.
        UnavailableError: its server does not answer.
    """
    named = _SCHEME.match(url)
    scheme = named[1] if named else "file"
    stores = find_schemes()
    if scheme not in stores:
        raise InputError(
            f"store {url!r:.200}: unknown scheme {scheme!r}; expected one of {', '.join(sorted(stores))}, or a path, "
            "which starts with ./ or / if it contains a colon"
        )
    opening = stores[scheme].open_shared if shared else stores[scheme].open
    return opening(url, sweep=sweep, room=room)


def store_of(
    data_dir: Path, url: str = "", *, sweep: bool = True, copies: int = 4 << 30, shared: bool = False
) -> ObjectStore:
    """Open the store of a data directory that this process owns: ``objects`` in it, unless a URL names another.

    ``copies`` bounds the bytes of copies of objects that are stored on another machine; ``shared`` is as for
    :func:`open_store`.
    """
    if not url:
        return DirectoryStore(data_dir / "objects", sweep=sweep)
    return open_store(url, sweep=sweep, room=Room(data_dir / COPIES, copies), shared=shared)


def find_schemes() -> dict[str, type[ObjectStore]]:
    """Return all stores by scheme, after importing the modules that define them."""
    for module in pkgutil.iter_modules(store.__path__):
        importlib.import_module(f"{store.__name__}.{module.name}")
    return SCHEMES
