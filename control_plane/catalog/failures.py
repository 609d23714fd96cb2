"""The last deployments that their verification refused: a bounded table of the catalog."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from pretzel.control_plane.catalog.tables import failures

MOST_FAILURES = 200
"""Failures kept; older ones are dropped."""
MOST_CHARACTERS = 4000
"""Characters of an error that are kept."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One deployment that its verification refused."""

    model: str
    at: float
    """Seconds since the epoch."""
    estimator: str
    """Class of the estimator; empty if the definition does not name it."""
    problem: str
    """The error that the deployment returned."""


def note(connection: Connection, failure: Failure) -> None:
    """Add a failure, and drop those before the last ``MOST_FAILURES``."""
    problem = failure.problem.replace("\0", "\ufffd")  # PostgreSQL takes no text with NUL
    if len(problem) > MOST_CHARACTERS:
        problem = problem[: MOST_CHARACTERS - 1] + "…"
    newest = (connection.scalar(select(func.max(failures.c.id))) or 0) + 1
    row = insert(failures).values(id=newest, model=failure.model, at=failure.at)
    connection.execute(row.values(estimator=failure.estimator.replace("\0", "\ufffd"), problem=problem))
    connection.execute(delete(failures).where(failures.c.id <= newest - MOST_FAILURES))


def last(connection: Connection, model: str, most: int) -> list[Failure]:
    """Return up to ``most`` failures, newest first, of one model or, if that is empty, of all."""
    query = select(failures).order_by(failures.c.id.desc()).limit(most)
    if "\0" in model:  # no model has such a name
        return []
    if model:
        query = query.where(failures.c.model == model)
    return [Failure(row.model, row.at, row.estimator, row.problem) for row in connection.execute(query)]
