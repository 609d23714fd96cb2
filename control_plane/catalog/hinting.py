"""Hints of models for workers, and what the placement of models is computed from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import astuple

from sqlalchemy import Connection, delete, select

from pretzel.control_plane.catalog import reading
from pretzel.control_plane.catalog.audit import watched
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.revisions import touch
from pretzel.control_plane.catalog.tables import hints
from pretzel.control_plane.catalog.terms import admit
from pretzel.control_plane.catalog.upserts import upsert
from pretzel.errors import InputError
from pretzel.plan.hints import NONE, Hinting, Hints
from pretzel.plan.model import Model
from pretzel.plan.terms import ANY, Terms


class Hinted:
    """The part of a catalog about hints.  Safe to call from any thread."""

    def __init__(self, database: Database, changing: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Use a database; ``changing`` opens a transaction after which watchers look."""
        self._database, self._changing = database, changing

    def of(self, name: str) -> Hints:
        """Return the hints of a model; none if it does not exist."""
        with self._database.read() as connection:
            row = connection.execute(select(hints).where(hints.c.model == name)).first()
        return NONE if row is None else Hints(bool(row.pin), row.replicas, row.workers)

    def change(self, name: str, hinting: Hinting, terms: Terms = ANY) -> Model:
        """Change hints of a model, and return it.

        Raises:
            InputError: a part is malformed, or nothing is asked for.
            NotFoundError: the model does not exist.
            PreconditionError: the terms do not hold.
        """
        if not hinting:
            raise InputError(f"hints of {name[:100]!r}: nothing to change; give pin, replicas or workers")
        with self._changing() as connection, watched(connection, name):
            model = reading.find_model(connection, name)
            after = hinting.applied(model.hints)
            after.check()
            done = after == model.hints
            admit(connection, name, terms, done=done)
            if not done:
                _write(connection, name, after)
                touch(connection, name)
            return reading.labelled_one(connection, reading.find_model(connection, name))


def _write(connection: Connection, name: str, after: Hints) -> None:
    if not after:
        connection.execute(delete(hints).where(hints.c.model == name))
        return
    pin, replicas, workers = astuple(after)
    row = {"pin": int(pin), "replicas": replicas, "workers": workers}
    statement = upsert(connection, hints).values(model=name, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["model"], set_=row))
