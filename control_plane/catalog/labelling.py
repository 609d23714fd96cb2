"""Labels, owners and notes of a catalog, and the deletion of what they select; every method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from pretzel.control_plane.catalog import freezing, names, reading, writing
from pretzel.control_plane.catalog.audit import deleting, watched
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.labels import Marking
from pretzel.control_plane.catalog.marking import MODEL, mark
from pretzel.control_plane.catalog.selectors import Selection
from pretzel.control_plane.catalog.terms import admit
from pretzel.errors import InputError, PreconditionError
from pretzel.plan.model import Model
from pretzel.plan.terms import ANY, Terms

_MOST_NAMED = 3


class Labelling:
    """The part of a catalog about what users write on models.  Safe to call from any thread."""

    def __init__(self, database: Database, changing: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Use a database; ``changing`` opens a transaction after which watchers look."""
        self._database, self._changing = database, changing

    def mark(self, text: str, marking: Marking, terms: Terms = ANY) -> Model:
        """Change the labels, the owner and the note of a model (`name`), or of a version of it; return the model.

        Workers do not see them, so that no watcher is woken.

        Raises:
            InputError: a part is malformed, or nothing is asked for.
            NotFoundError: the model, version or alias does not exist.
            PreconditionError: it would have too many labels, or the terms do not hold.
        """
        reference = names.parse(text)
        if not marking:
            raise InputError(f"{text[:100]}: nothing to change; give a label, an owner or a note")
        marking.check()
        with self._database.write() as connection, watched(connection, reference.model):
            model, version = reading.find_model(connection, reference.model), MODEL
            if reference.version is not None or reference.alias is not None:
                version = reading.resolve(connection, reference)[1].version
            admit(connection, model.name, terms)
            mark(connection, model.name, version, marking)
            return reading.labelled_one(connection, model)

    def delete(
        self,
        prefix: str,
        selection: Selection,
        dry_run: bool,
        expected: Collection[str] = (),
        override_freeze: bool = False,
    ) -> list[str]:
        """Delete the selected models with their aliases in one transaction, and return their names.

        Args:
            prefix: only names that start so.
            selection: the models.
            dry_run: only list them.
            expected: if not empty, the names that the caller expects.
            override_freeze: delete them although some are frozen.

        Raises:
            InputError: the selection is empty.
            PreconditionError: other models are selected than ``expected``, or one is frozen.
        """
        if not selection:
            raise InputError("delete: the selection is empty; give a selector, an owner or a text")
        with self._database.read() if dry_run else self._changing() as connection:
            found = reading.names_of_all(connection, prefix, selection)
            if dry_run:
                return found
            _check_expected(found, expected)
            if not override_freeze:
                freezing.check(connection, *found)
            deleting(connection, found)
            writing.delete_models(connection, found)
        return found


def _check_expected(found: list[str], expected: Collection[str]) -> None:
    if not expected or set(found) == set(expected):
        return
    more, fewer = sorted({*found} - {*expected}), sorted({*expected} - {*found})
    parts = [
        f"{len(names)} {what} ({', '.join(names[:_MOST_NAMED])}{', ...' if len(names) > _MOST_NAMED else ''})"
        for names, what in ((more, "more are selected"), (fewer, "are selected no longer"))
        if names
    ]
    raise PreconditionError(f"delete: of the models that were listed, {' and '.join(parts)}; list and confirm again")
