"""Moves a catalog to another database, and its tables back to the version before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from pretzel.control_plane.catalog.copying import copy
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.dialect import Dialect
from pretzel.control_plane.catalog.opening import FILE, dialect_of
from pretzel.control_plane.catalog.ownership import this_process
from pretzel.control_plane.store.ownership import LOCK, own
from pretzel.errors import InputError, PreconditionError


def migrate(source: str, target: str) -> dict[str, int]:
    """Copy a catalog to an empty database, and return the number of rows by table; the source stays as it is.

    Raises:
        InputError: a URL names no database, or both name the same.
        PreconditionError: the source has no catalog, the target is not empty, or a control plane uses one of them.
        UnavailableError: a database cannot be reached or failed; the target is as before.
    """
    before, after = dialect_of(source), dialect_of(target)
    epoch = _existing(before)
    with ExitStack() as opened:
        opened.enter_context(_owned(before))
        try:
            opened.enter_context(_owned(after))
        except PreconditionError as error:
            if this_process() not in str(error):
                raise
            raise InputError(f"catalog {before.name}: source and target are the same; name another target") from None
        return copy(
            opened.enter_context(closing(Database(before))),
            opened.enter_context(closing(Database(after, epoch))),
        )


def step_back(location: str) -> str:
    """Take the tables of a catalog back by one migration, and return the revision they have then.

    Raises:
        PreconditionError: the catalog does not exist, or a control plane has it open.
    """
    dialect = dialect_of(location)
    _existing(dialect)
    with _owned(dialect), closing(Database(dialect)) as database:
        return database.downgrade()


def _existing(dialect: Dialect) -> str:
    """Return the epoch of a catalog that must exist."""
    epoch = dialect.epoch()
    if not epoch:
        raise PreconditionError(f"catalog {dialect.name}: it does not exist or is empty; name that of a control plane")
    return epoch


@contextmanager
def _owned(dialect: Dialect) -> Iterator[None]:
    """Have a catalog alone, and the data directory that it is in, so that no control plane uses it meanwhile."""
    directory = Path(dialect.name).parent
    with ExitStack() as owned:
        if (directory / LOCK).exists() and (directory / FILE).exists():
            owned.enter_context(own(directory))  # control planes before this version lock nothing else
        owned.enter_context(closing(dialect.own(alone=True)))
        yield
