"""The revision of the catalog, which watchers follow, and the edition of each model, which counts its changes."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from pretzel.control_plane.catalog.tables import models, state


def touch(connection: Connection, name: str, deleted: bool = False) -> None:
    """Give a model a new revision, so that workers receive it again."""
    changed = update(models).where(models.c.name == name)
    connection.execute(changed.values(revision=next_revision(connection), deleted=int(deleted)))


def next_revision(connection: Connection) -> int:
    """Return a new revision of the catalog."""
    connection.execute(update(state).values(revision=state.c.revision + 1))
    revision: int = connection.execute(select(state.c.revision)).scalar_one()
    return revision


def reissue(connection: Connection, name: str) -> None:
    """Give a model a new edition, if it exists: it is about to be changed."""
    connection.execute(update(models).where(models.c.name == name).values(edition=models.c.edition + 1))
