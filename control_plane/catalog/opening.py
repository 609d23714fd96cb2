"""Opens the database that a URL or a path names."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pretzel.control_plane.catalog.dialect import Dialect
from pretzel.control_plane.catalog.postgresql import PostgresqlDialect
from pretzel.control_plane.catalog.sqlite import SqliteDialect
from pretzel.errors import InputError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
FILE = "catalog.sqlite"
"""Name of the catalog in a data directory."""


def location_of(data_dir: Path, url: str = "") -> Path | str:
    """Return the location of the catalog of a data directory: a file in it, unless a URL names another."""
    return url or data_dir / FILE


def dialect_of(location: Path | str | Dialect) -> Dialect:
    """Return the database of a URL, such as ``postgresql://user@host/db`` or ``sqlite:///path``, or of a path.

    One that was opened already stays as it is.

    Raises:
        InputError: the scheme is unknown, or the rest is not a location of it.
    """
    if isinstance(location, Dialect):
        return location
    if isinstance(location, Path):
        return SqliteDialect(location)
    named = _SCHEME.match(location)
    match named[1].lower() if named else SqliteDialect.scheme:
        case SqliteDialect.scheme:
            return SqliteDialect(_path_of(location))
        case PostgresqlDialect.scheme | "postgres":
            return PostgresqlDialect(location)
        case scheme:
            raise InputError(
                f"catalog: unknown scheme {scheme!r}; expected sqlite:///path, postgresql://user@host/db or a path"
            )


def _path_of(url: str) -> Path:
    parts = urlsplit(url)
    path = unquote(parts.path) if parts.scheme == SqliteDialect.scheme else url
    if not path or (parts.scheme == SqliteDialect.scheme and (parts.netloc or parts.query or parts.fragment)):
        raise InputError(
            f"catalog {url!r:.200}: expected a file of this machine, such as sqlite:///var/lib/catalog.sqlite"
        )
    return Path(path)
