"""Queries of the catalog, each inside a transaction that the caller opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, column, exists, func, or_, select, values

from pretzel.control_plane.catalog.names import STABLE, Reference
from pretzel.control_plane.catalog.ranges import near
from pretzel.control_plane.catalog.records import Changes
from pretzel.control_plane.catalog.selecting import selected_names
from pretzel.control_plane.catalog.selectors import Selection
from pretzel.control_plane.catalog.tables import (
    aliases,
    hints,
    holdings,
    labels,
    leases,
    models,
    notes,
    recompiled,
    shadows,
    state,
    traffic,
    versions,
)
from pretzel.errors import NotFoundError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode
from pretzel.plan.hints import NONE, Hints
from pretzel.plan.model import Model, ModelVersion, Shadow
from pretzel.plan.traffic import Runs

MOST_DELETIONS = 1000
"""A watcher that missed more deletions than this gets a snapshot instead."""
_CHUNK = 500  # SQLite takes a bounded number of variables


def current(connection: Connection) -> tuple[str, int]:
    """Return epoch and revision."""
    row = connection.execute(select(state.c.epoch, state.c.revision)).one()
    return row.epoch, row.revision


def list_models(connection: Connection, where: ColumnElement[bool]) -> tuple[Model, ...]:
    """Return the models that are not deleted and match a condition on the table `models`, by name."""
    by_model: dict[str, list[ModelVersion]] = defaultdict(list)
    by_alias: dict[str, dict[str, int]] = defaultdict(dict)
    splits: dict[str, dict[str, Runs]] = defaultdict(dict)
    copies: dict[str, dict[str, Shadow]] = defaultdict(dict)
    editions: dict[str, int] = {}
    alive = models.c.deleted == 0
    of_versions = select(versions, models.c.edition).join(models, models.c.name == versions.c.model).where(alive, where)
    of_aliases = select(aliases).join(models, models.c.name == aliases.c.model).where(alive, where)
    of_traffic = select(traffic).join(models, models.c.name == traffic.c.model).where(alive, where)
    of_hints = select(hints).join(models, models.c.name == hints.c.model).where(alive, where)
    of_shadows = select(shadows).join(models, models.c.name == shadows.c.model).where(alive, where)
    # Sorted here: with ORDER BY, SQLite reads every version in order instead of the few that match.
    for row in sorted(connection.execute(of_versions), key=lambda row: (row.model, row.version)):
        by_model[row.model].append(_version(row))
        editions[row.model] = row.edition
    for row in sorted(connection.execute(of_aliases), key=lambda row: (row.model, row.alias)):
        by_alias[row.model][row.alias] = row.version
    for row in sorted(connection.execute(of_traffic), key=lambda row: (row.model, row.alias, row.position)):
        splits[row.model][row.alias] = (*splits[row.model].get(row.alias, ()), (row.version, row.slots))
    hinted = {row.model: Hints(bool(row.pin), row.replicas, row.workers) for row in connection.execute(of_hints)}
    for row in sorted(connection.execute(of_shadows), key=lambda row: (row.model, row.alias)):
        copies[row.model][row.alias] = Shadow(row.version, row.slots, row.id)
    return tuple(
        Model(
            name,
            tuple(history),
            by_alias[name],
            traffic=splits[name],
            edition=editions[name],
            hints=hinted.get(name, NONE),
            shadows=copies[name],
        )
        for name, history in by_model.items()
    )


def models_beginning(connection: Connection, prefix: str) -> tuple[Model, ...]:
    """Return the models whose names start with exactly ``prefix``, by name."""
    candidates = list_models(connection, near(prefix, models.c.name))
    return tuple(model for model in candidates if model.name.startswith(prefix))


def page_of_names(
    connection: Connection, prefix: str, after: str, size: int, selection: Selection
) -> tuple[list[str], str]:
    """Return up to ``size`` selected names that start with ``prefix`` and follow ``after``, and the last of them.

    The last name is empty if none follows the page.  Takes time in proportion to the page, and to the names that were
    passed over because a part of the selection does not hold.
    """
    names = selected_names(connection, selection, prefix, after, size + 1)
    more = len(names) > size
    names = names[:size]
    return [name for name in names if name.startswith(prefix)], names[-1] if more else ""


def models_named(connection: Connection, names: list[str]) -> tuple[Model, ...]:
    """Return the models with these names, which are in order."""
    found = (list_models(connection, models.c.name.in_(chunk)) for chunk in _chunks(names))
    return tuple(model for some in found for model in some)


def labelled(connection: Connection, listed: Iterable[Model]) -> tuple[Model, ...]:
    """Return models with the labels, owners and notes of them and of their versions."""
    listed = tuple(listed)
    marks: dict[tuple[str, int], dict[str, Any]] = defaultdict(dict)
    for chunk in _chunks([model.name for model in listed]):
        for row in connection.execute(select(labels).where(labels.c.model.in_(chunk))):
            marks[row.model, row.version].setdefault("labels", {})[row.key] = row.value
        for row in connection.execute(select(notes).where(notes.c.model.in_(chunk))):
            marks[row.model, row.version] |= {"owner": row.owner, "note": row.note}
    return tuple(_labelled(model, marks) for model in listed)


def labelled_one(connection: Connection, model: Model) -> Model:
    """Return one model with what is written on it and on its versions."""
    (labelled_model,) = labelled(connection, [model])
    return labelled_model


def names_of_all(connection: Connection, prefix: str, selection: Selection) -> list[str]:
    """Return the names of all selected models that start with ``prefix``, in order."""
    listed: list[str] = []
    last = ""
    while True:
        names, last = page_of_names(connection, prefix, last, _CHUNK, selection)
        listed += names
        if not last:
            return listed


def _labelled(model: Model, marks: Mapping[tuple[str, int], dict[str, Any]]) -> Model:
    """Return a model with what is written on it; the keys of labels are in order."""

    def of(version: int) -> dict[str, Any]:
        found = marks.get((model.name, version), {})
        return found | ({"labels": dict(sorted(found["labels"].items()))} if "labels" in found else {})

    versions = tuple(replace(version, **of(version.version)) for version in model.versions)
    return replace(model, versions=versions, **of(0))


def find_model(connection: Connection, name: str) -> Model:
    """Return one model.

    Raises:
        NotFoundError: no model has that name.
    """
    matches = list_models(connection, models.c.name == name)
    if not matches:
        raise NotFoundError(f"model {name!r} is not deployed")
    return matches[0]


def resolve(connection: Connection, reference: Reference) -> tuple[Model, ModelVersion]:
    """Return the version that a reference names, and its model; a bare name refers to the alias `stable`.

    Raises:
        NotFoundError: no model, version or alias has that name; the message lists the existing ones.
    """
    model = find_model(connection, reference.model)
    number = reference.version
    if number is None:
        alias = reference.alias or STABLE
        number = model.aliases.get(alias)
        if number is None:
            has = ", ".join(sorted(model.aliases)) or "none"
            raise NotFoundError(f"model {model.name!r} has no alias {alias!r}; it has: {has}")
    for version in model.versions:
        if version.version == number:
            return model, version
    has = ", ".join(str(version.version) for version in model.versions)
    raise NotFoundError(f"model {model.name!r} has no version {number}; it has: {has}")


def changes(connection: Connection, epoch: str, revision: int) -> Changes:
    """Return the changes for a watcher at (epoch, revision); a snapshot if it is of another store or too old."""
    now_epoch, now = current(connection)
    changed = models.c.revision > revision
    gone: list[str] = []
    snapshot = epoch != now_epoch or revision > now or revision < 1
    if not snapshot:
        forgotten = select(models.c.name).where(changed, models.c.deleted == 1)
        gone = sorted(connection.scalars(forgotten.limit(MOST_DELETIONS + 1)))
        snapshot = len(gone) > MOST_DELETIONS
    if snapshot:
        return Changes(now_epoch, now, True, list_models(connection, models.c.deleted == 0), ())
    return Changes(now_epoch, now, False, list_models(connection, changed), tuple(gone))


def count_models(connection: Connection) -> int:
    """Return the number of models."""
    count = connection.scalar(select(func.count()).select_from(models).where(models.c.deleted == 0))
    return count or 0


def sharing(connection: Connection, objects: Iterable[Digest]) -> dict[Digest, int]:
    """Return for each object the number of models with a version whose plan needs it."""
    counts: dict[Digest, int] = {}
    for chunk in _chunks([str(digest) for digest in objects]):
        holders = versions.c.plan == holdings.c.holder
        count = func.count(versions.c.model.distinct())
        query = select(holdings.c.object, count).join(versions, holders).where(holdings.c.object.in_(chunk))
        rows = connection.execute(query.group_by(holdings.c.object))
        counts |= {Digest.parse(text): models for text, models in rows}
    return counts


def unneeded(connection: Connection, candidates: Iterable[Digest], now: float) -> list[Digest]:
    """Return the objects that no version needs and no lease keeps."""
    unused: list[Digest] = []
    for chunk in _chunks([str(digest) for digest in candidates]):
        candidate = values(column("object", Text), name="asked").data([(text,) for text in chunk]).cte("asked")
        # One holder is enough: a dictionary shared by thousands of models is not looked up for each of them.
        used = exists().where(holdings.c.object == candidate.c.object, needed(holdings.c.holder))
        leased = exists().where(leases.c.object == candidate.c.object, leases.c.until > now)
        query = select(candidate.c.object).where(~used, ~leased)
        unused += map(Digest.parse, connection.scalars(query))
    return unused


def leases_after(connection: Connection, now: float) -> Iterator[tuple[str, Digest, float]]:
    """Return holder, object and end of the leases that last, the first to end first."""
    lasting = select(leases).where(leases.c.until > now).order_by(leases.c.until)
    for row in connection.execute(lasting):
        yield row.holder, Digest.parse(row.object), row.until


def needed(holder: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a plan, a definition or a sample belongs to some version."""
    columns = versions.c.plan, versions.c.definition, versions.c.sample, recompiled.c.plan
    return or_(*(exists().where(column == holder) for column in columns))


def held(connection: Connection, holders: Iterable[Digest]) -> set[Digest]:
    """Return the objects that plans and definitions need, including themselves."""
    query = select(holdings.c.object).where(holdings.c.holder.in_([str(holder) for holder in holders]))
    return set(map(Digest.parse, connection.scalars(query)))


def needing(connection: Connection, digest: Digest) -> list[ModelVersion]:
    """Return the versions whose plan, definition or sample is or needs an object."""
    holders = select(holdings.c.holder).where(holdings.c.object == str(digest))
    same = (recompiled.c.model == versions.c.model) & (recompiled.c.version == versions.c.version)
    further = exists().where(same, recompiled.c.plan.in_(holders))
    own = (column.in_(holders) for column in (versions.c.plan, versions.c.definition, versions.c.sample))
    query = select(versions).where(or_(*own, further))
    return list(map(_version, connection.execute(query)))


def objects(connection: Connection) -> set[Digest]:
    """Return all objects that the plans and definitions of versions need, including themselves."""
    query = select(holdings.c.object).distinct().where(needed(holdings.c.holder))
    return set(map(Digest.parse, connection.scalars(query)))


def _version(row: Row[Any]) -> ModelVersion:
    return ModelVersion(
        model=row.model,
        version=row.version,
        plan=Digest.parse(row.plan),
        definition=Digest.parse(row.definition),
        created=row.created,
        parameter_bytes=row.parameter_bytes,
        metadata=decode(row.metadata),
    )


def _chunks(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
