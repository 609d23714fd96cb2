"""Queries for models by labels, owner and text, each in time in proportion to what it reads from an index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, and_, exists, or_, select, union

from pretzel.control_plane.catalog.folding import contains
from pretzel.control_plane.catalog.ranges import beyond, near
from pretzel.control_plane.catalog.selectors import Selection
from pretzel.control_plane.catalog.tables import labels, models, notes, versions
from pretzel.plan.selectors import Requirement

Columns = tuple[ColumnElement[str], ColumnElement[int] | None, ColumnElement[bool]]
"""The name and the version of what is selected, and the condition that the row is of the right kind."""


def selected_names(connection: Connection, selection: Selection, prefix: str, after: str, size: int) -> list[str]:
    """Return up to ``size`` names that begin with ``prefix``, follow ``after``, and are selected; in order.

    One part of the selection drives the query by its index, in the order of names, and stops after ``size``; the other
    parts are looked up for each name.
    """
    driver, others = _driver(selection)
    queries = []
    for name, version, own in driver:
        of_one = [_holds(part, name, version) for part in others]
        wanted = and_(own, near(prefix, name), beyond(after, name), *of_one)
        if selection.text:
            wanted = and_(wanted, _mentions(selection.text, name, version))
        queries.append(select(name.label("name")).where(wanted).distinct())
    query: Select[Any] | CompoundSelect[Any] = queries[0] if len(queries) == 1 else union(*queries)
    return list(connection.scalars(query.order_by("name").limit(size)))


def _driver(selection: Selection) -> tuple[list[Columns], list[Requirement | str]]:
    """Return the tables that list candidates in order, one per value, and the parts that remain to be looked up."""
    rest: list[Requirement | str] = [*selection.labels, *([selection.owner] if selection.owner else [])]
    for part in sorted(rest, key=_breadth):
        if isinstance(part, str) or not part.negated:
            rest.remove(part)
            return _candidates(part, selection.versions), rest
    if selection.versions:
        return [(versions.c.model, versions.c.version, versions.c.version > 0)], rest
    return [(models.c.name, None, models.c.deleted == 0)], rest


def _breadth(part: Requirement | str) -> int:
    """Order parts by the number of models that are likely to fulfil them: by value, by owner, by key."""
    if isinstance(part, str):
        return 100
    return 1000 if part.values is None else len(part.values)


def _candidates(part: Requirement | str, of_versions: bool) -> list[Columns]:
    if isinstance(part, str):
        rows = notes.alias()
        return [(rows.c.model, rows.c.version, and_(rows.c.owner == part, _kind(rows.c.version, of_versions)))]
    found: list[Columns] = []
    for value in part.values or (None,):
        rows = labels.alias()
        holds = rows.c.key == part.key if value is None else and_(rows.c.key == part.key, rows.c.value == value)
        found.append((rows.c.model, rows.c.version, and_(holds, _kind(rows.c.version, of_versions))))
    return found


def _kind(version: ColumnElement[int], of_versions: bool) -> ColumnElement[bool]:
    return version > 0 if of_versions else version == 0


def _holds(
    part: Requirement | str, name: ColumnElement[str], version: ColumnElement[int] | None
) -> ColumnElement[bool]:
    """Return the condition that a part holds of one model or version."""
    if isinstance(part, str):
        rows = notes.alias()
        return exists().where(_same(rows, name, version), rows.c.owner == part)
    rows = labels.alias()
    found = exists().where(_same(rows, name, version), rows.c.key == part.key)
    if part.values is not None:
        found = found.where(rows.c.value.in_(part.values))
    return ~found if part.negated else found


def _mentions(text: str, name: ColumnElement[str], version: ColumnElement[int] | None) -> ColumnElement[bool]:
    """Return the condition that the name, the owner, the note or a label contains a text; it reads all of them."""
    written, tagged = notes.alias(), labels.alias()
    in_note = or_(contains(written.c.note, text), contains(written.c.owner, text))
    in_label = contains(tagged.c.key + "=" + tagged.c.value, text)
    return or_(
        contains(name, text),
        exists().where(_same(written, name, version), in_note),
        exists().where(_same(tagged, name, version), in_label),
    )


def _same(rows: Any, name: ColumnElement[str], version: ColumnElement[int] | None) -> ColumnElement[bool]:
    return and_(rows.c.model == name, rows.c.version == (0 if version is None else version))
