"""Opens the store that a URL names; every module of this package may define one scheme."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

from pretzel.control_plane import store
from pretzel.control_plane.store.directory import DirectoryStore
from pretzel.control_plane.store.interface import SCHEMES, ObjectStore
from pretzel.errors import InputError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")


def open_store(url: str, *, sweep: bool = True, shared: bool = False) -> ObjectStore:
    """Open the store of a URL, such as ``file:///var/objects``; a bare path is a directory.

    Args:
        url: the scheme selects the store, which reads the rest.
        sweep: remove partial writes of an earlier process.
        shared: allow other control planes over the same catalog to use it too.

    Raises:
        InputError: the scheme is unknown, or the rest is not a location of it.
        PreconditionError: another process uses the store, or it cannot be opened.
    """
    named = _SCHEME.match(url)
    scheme = named[1] if named else "file"
    stores = find_schemes()
    if scheme not in stores:
        raise InputError(
            f"store {url!r:.200}: unknown scheme {scheme!r}; expected one of {', '.join(sorted(stores))}, or a path, "
            "which starts with ./ or / if it contains a colon"
        )
    return stores[scheme].open_shared(url, sweep=sweep) if shared else stores[scheme].open(url, sweep=sweep)


def store_of(data_dir: Path, url: str = "", *, sweep: bool = True, shared: bool = False) -> ObjectStore:
    """Open the store of a data directory that this process owns: ``objects`` in it, unless a URL names another."""
    return open_store(url, sweep=sweep, shared=shared) if url else DirectoryStore(data_dir / "objects", sweep=sweep)


def find_schemes() -> dict[str, type[ObjectStore]]:
    """Return all stores by scheme, after importing the modules that define them."""
    for module in pkgutil.iter_modules(store.__path__):
        importlib.import_module(f"{store.__name__}.{module.name}")
    return SCHEMES
