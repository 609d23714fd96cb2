"""Interface of the databases of a catalog: how each is opened, locked and checked, and the meaning of its errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from pretzel.control_plane.catalog.ownership import Ownership
from pretzel.errors import PretzelError


class Dialect(ABC):
    """One database, which may not exist yet."""

    scheme: ClassVar[str]
    """Scheme of the URLs of such databases."""
    name: str
    """The database in messages, without a password."""
    short: str
    """The database in messages about its data directory."""
    shares: ClassVar[bool] = False
    """Whether several control planes may use it at once."""

    @abstractmethod
    def engine(self) -> Engine:
        """Return connections to the database."""

    @abstractmethod
    def read_options(self) -> dict[str, Any]:
        """Return the options of a connection whose transaction reads one snapshot."""

    @abstractmethod
    def write_options(self, durable: bool) -> dict[str, Any]:
        """Return the options of a connection whose transaction writes; see :meth:`Database.write`."""

    @abstractmethod
    def lock(self, connection: Connection, durable: bool) -> None:
        """Wait until no other transaction writes, at the start of one that does."""

    @abstractmethod
    def own(self, alone: bool) -> Ownership:
        """Use the database from now on: together with other control planes if it can be shared, or ``alone``.

        Raises:
            PreconditionError: others use it, or have it alone; the message names them if they are known.
            UnavailableError: it cannot be reached now.
        """

    @abstractmethod
    def now(self, connection: Connection) -> float:
        """Return the seconds since 1970 by a clock that all who use the database share."""

    def announce(self, connection: Connection, what: str) -> None:
        """Announce something to the other owners when this transaction is committed."""
        return

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Keep others from opening the database meanwhile, where a transaction does not."""
        yield

    def migrating(self, connection: Connection) -> None:
        """Prepare a transaction that migrates, which may take long."""
        return

    def migrated(self, connection: Connection) -> None:
        """Create what the queries need in addition to the tables."""
        return

    @abstractmethod
    def meaning(self, error: DBAPIError, stage: str) -> PretzelError | None:
        """Return the error of Pretzel for one of the database; None for a mistake of ours.

        ``stage`` is "start", "work" or "commit": the part of the transaction that failed.
        """

    @abstractmethod
    def integrity(self, connection: Connection) -> list[str]:
        """Return the problems that the database finds in itself, one line each."""

    @abstractmethod
    def epoch(self) -> str:
        """Return the epoch of the catalog; empty if it does not exist yet.  Creates nothing.

        Raises:
            CorruptObjectError: it is damaged, or something else.
            PreconditionError: it cannot be opened.
            UnavailableError: it cannot be reached now.
        """
