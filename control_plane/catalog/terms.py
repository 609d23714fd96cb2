"""Checks the conditions of a change: what the model must be like, and that it is not frozen."""

from __future__ import annotations

from sqlalchemy import Connection, select

from pretzel.control_plane.catalog import freezing
from pretzel.control_plane.catalog.names import STABLE
from pretzel.control_plane.catalog.revisions import reissue
from pretzel.control_plane.catalog.tables import aliases, models
from pretzel.errors import PreconditionError
from pretzel.plan.terms import ANY, Terms


def admit(connection: Connection, name: str, terms: Terms = ANY, alias: str = STABLE, *, done: bool = False) -> None:
    """Admit a change of a model, and give it a new edition.

    A change that is ``done`` already is admitted whatever the model is like: it is repeated after a lost answer.

    Raises:
        PreconditionError: the model is frozen, or a condition does not hold; the message says what it is now.
    """
    if not terms.override_freeze:
        freezing.check(connection, name)
    if not done:
        _check(connection, name, terms, alias)
        reissue(connection, name)


def _check(connection: Connection, name: str, terms: Terms, alias: str) -> None:
    if terms.if_version is not None:
        of_alias = select(aliases.c.version).where(aliases.c.model == name, aliases.c.alias == alias)
        points = connection.scalar(of_alias) or 0
        if points != terms.if_version:
            now = f"points to version {points}" if points else "does not exist"
            raise PreconditionError(
                f"{name}: alias {alias!r} {now}, and the change expects {_wanted(terms.if_version)}; "
                "look at the model and decide again"
            )
    if terms.if_edition is not None:
        edition = connection.scalar(select(models.c.edition).where(models.c.name == name, models.c.deleted == 0)) or 0
        if edition != terms.if_edition:
            now = f"is at edition {edition}" if edition else "does not exist"
            raise PreconditionError(
                f"model {name!r} {now}, and the change expects {_wanted(terms.if_edition, 'edition')}; "
                "look at the model and decide again"
            )


def _wanted(number: int, what: str = "version") -> str:
    return f"{what} {number}" if number else "none"
