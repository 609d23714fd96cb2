"""Plans of versions for other kernels than those they were deployed for, each change in an open transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, or_, select, tuple_, update

from pretzel.control_plane.catalog import charges
from pretzel.control_plane.catalog.records import Changes, Release
from pretzel.control_plane.catalog.tables import holdings, recompiled, versions
from pretzel.control_plane.catalog.upserts import upsert
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model, ModelVersion

_CHUNK = 500  # SQLite takes a bounded number of variables
MOST_CHARACTERS = 1000
"""Characters of a problem that are kept."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of the recompilation for some kernels."""

    left: int
    """Versions that have no plan for them yet."""
    failed: int
    """Versions that cannot have one."""


def suited(connection: Connection, changes: Changes, kernel_set: str) -> Changes:
    """Return changes with the plan for some kernels in each version that has one; the others keep theirs."""
    mine = (recompiled.c.kernel_set == kernel_set) & (recompiled.c.plan != "")
    if not kernel_set or connection.execute(select(recompiled.c.model).where(mine).limit(1)).first() is None:
        return changes
    found: dict[tuple[str, int], tuple[Digest, int]] = {}
    names = [model.name for model in changes.models]
    for start in range(0, len(names), _CHUNK):
        named = recompiled.c.model.in_(names[start : start + _CHUNK])
        for row in connection.execute(select(recompiled).where(mine, named)):
            found[row.model, row.version] = Digest.parse(row.plan), row.parameter_bytes
    return replace(changes, models=tuple(_suited(model, found) for model in changes.models))


def _suited(model: Model, found: dict[tuple[str, int], tuple[Digest, int]]) -> Model:
    numbers = [version for version in model.versions if (model.name, version.version) in found]
    if not numbers:
        return model

    def with_plan(version: ModelVersion) -> ModelVersion:
        plan, size = found.get((model.name, version.version), (version.plan, version.parameter_bytes))
        return replace(version, plan=plan, parameter_bytes=size)

    return replace(model, versions=tuple(map(with_plan, model.versions)))


def lacking(kernel_set: str) -> ColumnElement[bool]:
    """Return the condition that a version has no plan for some kernels, and none was tried."""
    tried = and_(
        recompiled.c.kernel_set == kernel_set,
        recompiled.c.model == versions.c.model,
        recompiled.c.version == versions.c.version,
    )
    return and_(versions.c.kernel_set != kernel_set, ~exists().where(tried))


def next_lacking(connection: Connection, kernel_set: str, after: tuple[str, int]) -> tuple[str, int] | None:
    """Return the first version, by model and number, behind another that has no plan for some kernels."""
    name, number = after
    behind = or_(versions.c.model > name, and_(versions.c.model == name, versions.c.version > number))
    query = select(versions.c.model, versions.c.version).where(behind, lacking(kernel_set))
    row = connection.execute(query.order_by(versions.c.model, versions.c.version).limit(1)).first()
    return (row.model, row.version) if row else None


def progress(connection: Connection, kernel_set: str) -> Progress:
    """Return the state of the recompilation for some kernels."""
    left = select(func.count()).select_from(versions).where(lacking(kernel_set))
    failed = select(func.count()).select_from(recompiled)
    failed = failed.where(recompiled.c.kernel_set == kernel_set, recompiled.c.plan == "")
    return Progress(connection.scalar(left) or 0, connection.scalar(failed) or 0)


def is_current(connection: Connection, version: ModelVersion) -> bool:
    """Return whether a version still exists as it was read."""
    same = and_(
        versions.c.model == version.model,
        versions.c.version == version.version,
        versions.c.definition == str(version.definition),
        versions.c.plan == str(version.plan),
    )
    return connection.execute(select(versions.c.version).where(same)).first() is not None


def add(
    connection: Connection,
    version: ModelVersion,
    kernel_set: str,
    release: Release | None,
    problem: str,
    compared: int = 0,
) -> None:
    """Add the plan of an existing version for some kernels, or why it cannot have one.

    ``compared`` is the number of rows on which its answers were compared; ``problem`` also says why they were not.
    """
    row = upsert(connection, recompiled).values(
        kernel_set=kernel_set,
        model=version.model,
        version=version.version,
        plan=str(release.plan) if release else "",
        parameter_bytes=release.parameter_bytes if release else 0,
        problem=problem[:MOST_CHARACTERS].replace("\0", "\ufffd"),
        compared=compared,
    )
    values = {name: row.excluded[name] for name in ("plan", "parameter_bytes", "problem", "compared")}
    keys = ["kernel_set", "model", "version"]
    connection.execute(row.on_conflict_do_update(index_elements=keys, set_=values))


def forget_failures(connection: Connection, kernel_set: str) -> None:
    """Forget which versions cannot have a plan for some kernels, so that they are tried again."""
    connection.execute(delete(recompiled).where(recompiled.c.kernel_set == kernel_set, recompiled.c.plan == ""))


def is_recompiled(connection: Connection, model: str, version: int, plan: Digest) -> bool:
    """Return whether a version has a plan in addition to the one it was deployed with."""
    same = and_(recompiled.c.model == model, recompiled.c.version == version, recompiled.c.plan == str(plan))
    return connection.execute(select(recompiled.c.plan).where(same).limit(1)).first() is not None


def plans(connection: Connection) -> set[Digest]:
    """Return the plans that versions have in addition to the ones they were deployed with."""
    return set(map(Digest.parse, connection.scalars(select(recompiled.c.plan).where(recompiled.c.plan != ""))))


def drop(connection: Connection, model: str, numbers: Iterable[int]) -> None:
    """Drop the further plans of versions that are deleted."""
    rows = [{"old": number} for number in numbers]
    if rows:
        of = (recompiled.c.model == model) & (recompiled.c.version == bindparam("old"))
        connection.execute(delete(recompiled).where(of), rows)


def drop_models(connection: Connection, names: list[str]) -> None:
    """Drop the further plans of models that are deleted."""
    connection.execute(delete(recompiled).where(recompiled.c.model.in_(names)))


def retire(connection: Connection, own: str, kept: Collection[str]) -> int:
    """Drop the plans for all but some kernels, and return their number.

    A version whose own plan goes takes its plan for the kernels ``own`` instead; one that has none keeps its plan.
    """
    kept = {own, *kept}
    same = and_(recompiled.c.model == versions.c.model, recompiled.c.version == versions.c.version)
    mine = and_(recompiled.c.kernel_set == own, recompiled.c.plan != "")
    replaced = select(versions.c.model, versions.c.version, recompiled.c.plan, recompiled.c.parameter_bytes)
    replaced = replaced.join(recompiled, same).where(mine, versions.c.kernel_set.not_in(kept))
    rows = [
        {"of": row.model, "number": row.version, "new": row.plan, "size": row.parameter_bytes}
        for row in connection.execute(replaced)
    ]
    if rows:
        changed = list(_named(rows))
        for where in changed:
            charges.give_back(connection, where)
        of = (versions.c.model == bindparam("of")) & (versions.c.version == bindparam("number"))
        values = {"plan": bindparam("new"), "parameter_bytes": bindparam("size"), "kernel_set": own}
        connection.execute(update(versions).where(of).values(**values), rows)
        for where in changed:
            charges.charge(connection, where)
        of = (recompiled.c.model == bindparam("of")) & (recompiled.c.version == bindparam("number"))
        taken = delete(recompiled).where(of, recompiled.c.kernel_set == own)
        connection.execute(taken, [{"of": row["of"], "number": row["number"]} for row in rows])
    others = connection.execute(delete(recompiled).where(recompiled.c.kernel_set.not_in(kept)))
    return len(rows) + others.rowcount


def _named(rows: list[dict[str, Any]]) -> Iterator[ColumnElement[bool]]:
    """Return conditions that together select the versions of some rows."""
    for start in range(0, len(rows), _CHUNK // 2):
        pairs = [(row["of"], row["number"]) for row in rows[start : start + _CHUNK // 2]]
        yield tuple_(versions.c.model, versions.c.version).in_(pairs)


def hold(connection: Connection, release: Release) -> None:
    """Record the objects that a plan and a definition need."""
    rows = [
        {"holder": str(holder), "object": str(digest)}
        for holder, digests in release.holdings.items()
        for digest in {holder: None} | dict.fromkeys(digests)
    ]
    connection.execute(upsert(connection, holdings).on_conflict_do_nothing(), rows)
