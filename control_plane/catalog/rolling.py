"""Traffic and freezes of a catalog; every method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from pretzel.control_plane.catalog import freezing, names, reading, splitting
from pretzel.control_plane.catalog.audit import Change, record, watched
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.freezing import Freeze
from pretzel.control_plane.catalog.rollout_rows import check_free
from pretzel.plan.model import Model
from pretzel.plan.terms import ANY, Terms


class Rolling:
    """The part of a catalog about how versions take over.  Safe to call from any thread."""

    def __init__(self, database: Database, changing: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Use a database; ``changing`` opens a transaction after which watchers look."""
        self._database, self._changing = database, changing

    def split(self, name: str, alias: str, shares: Mapping[int, int], terms: Terms = ANY) -> Model:
        """Split the calls of an alias over versions, in hundredths of a percent, and return the model.

        Raises:
            InputError: the shares are not 100 % together.
            NotFoundError: the model, the alias or a version does not exist.
            PreconditionError: a rollout moves the calls, or the terms do not hold.
        """
        names.check_alias(alias)
        with self._changing() as connection, watched(connection, name):
            check_free(connection, name, alias)
            splitting.split(connection, name, alias, shares, terms)
            return reading.labelled_one(connection, reading.find_model(connection, name))

    def freeze(self, freeze: Freeze) -> None:
        """Refuse changes of models.

        Raises:
            InputError: the pattern or the reason is invalid, or the time has passed.
            ExhaustedError: there are too many freezes.
        """
        with self._database.write() as connection:
            freezing.order(connection, freeze)
            record(connection, Change(freeze.pattern, after={"frozen by": freeze.by, "until": freeze.until}))

    def unfreeze(self, pattern: str) -> None:
        """End a freeze.

        Raises:
            NotFoundError: there is none of this pattern.
        """
        with self._database.write() as connection:
            freezing.end(connection, pattern)
            record(connection, Change(pattern, before={"frozen": True}))

    def freezes(self) -> list[Freeze]:
        """Return the freezes that last, by pattern."""
        with self._database.read() as connection:
            return freezing.lasting(connection)
