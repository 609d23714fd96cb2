"""Changes of labels, owners and notes, each inside a write transaction that the caller opened."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, func, select

from pretzel.control_plane.catalog.labels import Marking
from pretzel.control_plane.catalog.tables import hints, labels, notes
from pretzel.control_plane.catalog.upserts import upsert
from pretzel.errors import PreconditionError
from pretzel.plan.labels import MOST_LABELS

MODEL = 0
"""Version number of the labels of the model itself; its versions count from 1."""


def mark(connection: Connection, name: str, version: int, marking: Marking) -> None:
    """Change the labels, the owner and the note of an existing model or version.

    Raises:
        PreconditionError: it would have too many labels.
    """
    of_this = (labels.c.model == name) & (labels.c.version == version)
    if marking.remove:
        rows = [{"gone": key} for key in marking.remove]
        connection.execute(delete(labels).where(of_this, labels.c.key == bindparam("gone")), rows)
    if marking.set:
        row = upsert(connection, labels)
        statement = row.on_conflict_do_update(
            index_elements=["model", "version", "key"], set_={"value": row.excluded.value}
        )
        given = marking.set.items()
        connection.execute(statement, [{"model": name, "version": version, "key": k, "value": v} for k, v in given])
        count = connection.execute(select(func.count()).select_from(labels).where(of_this)).scalar_one()
        if count > MOST_LABELS:
            what = f"{name}@{version}" if version else f"model {name!r}"
            raise PreconditionError(f"{what} would have {count} labels; at most {MOST_LABELS} are kept; remove some")
    _write_texts(connection, name, version, marking)


def _write_texts(connection: Connection, name: str, version: int, marking: Marking) -> None:
    texts = {key: text for key, text in (("owner", marking.owner), ("note", marking.note)) if text is not None}
    if not texts:
        return
    row = upsert(connection, notes).values(model=name, version=version, **({"owner": "", "note": ""} | texts))
    connection.execute(row.on_conflict_do_update(index_elements=["model", "version"], set_=texts))
    empty = (notes.c.owner == "") & (notes.c.note == "")
    connection.execute(delete(notes).where(notes.c.model == name, notes.c.version == version, empty))


def unmark(connection: Connection, name: str, versions: list[int]) -> None:
    """Remove all labels, owners and notes of versions; with those of the model, also its hints."""
    for table in (labels, notes):
        rows = [{"old": version} for version in versions]
        connection.execute(delete(table).where(table.c.model == name, table.c.version == bindparam("old")), rows)
    if MODEL in versions:
        connection.execute(delete(hints).where(hints.c.model == name))


def unmark_models(connection: Connection, names: list[str]) -> None:
    """Remove all labels, owners and notes of models and of their versions, and the hints."""
    for table in (labels, notes, hints):
        connection.execute(delete(table).where(table.c.model.in_(names)))
