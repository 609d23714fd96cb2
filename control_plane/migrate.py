"""Moves a catalog to another database, and its tables back to the version before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from pretzel.control_plane.catalog.copying import copy
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.opening import FILE, dialect_of
from pretzel.control_plane.store.ownership import LOCK, own
from pretzel.errors import InputError, PreconditionError


def migrate(source: str, target: str) -> dict[str, int]:
    """Copy a catalog to an empty database, and return the number of rows by table; the source stays as it is.

    Raises:
        InputError: a URL names no database, or both name the same.
        PreconditionError: the source has no catalog, the target is not empty, or a control plane uses the data
            directory of one of them; the use of a catalog elsewhere is not noticed.
        UnavailableError: a database cannot be reached or failed; the target is as before.
    """
    before, after = dialect_of(source), dialect_of(target)
    if before.name == after.name:
        raise InputError(f"catalog {before.name}: source and target are the same; name another target")
    with ExitStack() as opened:
        for location in (source, target):
            opened.enter_context(_owned(location))
        epoch = _existing(source)
        return copy(
            opened.enter_context(closing(Database(source))),
            opened.enter_context(closing(Database(target, epoch))),
        )


def step_back(location: str) -> str:
    """Take the tables of a catalog back by one migration, and return the revision they have then.

    Raises:
        PreconditionError: the catalog does not exist, or a control plane has it open.
    """
    with _owned(location):
        _existing(location)
        with closing(Database(location)) as database:
            return database.downgrade()


def _existing(location: str) -> str:
    """Return the epoch of a catalog that must exist."""
    dialect = dialect_of(location)
    epoch = dialect.epoch()
    if not epoch:
        raise PreconditionError(f"catalog {dialect.name}: it does not exist or is empty; name that of a control plane")
    return epoch


@contextmanager
def _owned(location: str) -> Iterator[None]:
    """Hold the data directory of a catalog that is in one, so that no control plane uses it meanwhile."""
    directory = Path(dialect_of(location).name).parent
    if not (directory / LOCK).exists() or not (directory / FILE).exists():
        yield
        return
    with own(directory):
        yield
