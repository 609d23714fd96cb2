"""Changes of the catalog, each inside a write transaction that the caller opened."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, insert, select, update

from pretzel.control_plane.catalog import charges, clock, kernel_sets, reading
from pretzel.control_plane.catalog.marking import MODEL, mark, unmark, unmark_models
from pretzel.control_plane.catalog.names import STABLE
from pretzel.control_plane.catalog.records import Release
from pretzel.control_plane.catalog.revisions import next_revision, touch
from pretzel.control_plane.catalog.shadow_rows import end_shadows, end_shadows_of, shadowed_by, uses_of
from pretzel.control_plane.catalog.tables import aliases, holdings, leases, models, traffic, versions
from pretzel.control_plane.catalog.terms import admit
from pretzel.control_plane.catalog.upserts import upsert
from pretzel.errors import NotFoundError, PreconditionError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.plan.model import Model, ModelVersion
from pretzel.plan.terms import ANY, Terms
from pretzel.plan.traffic import percent, shares_of

VERIFICATION = ("verified", "verification", "tolerance", "measured_error")
"""Metadata keys of a version's verification; a verification over another sample replaces them."""
_CHUNK = 500  # SQLite takes a bounded number of variables


def publish(
    connection: Connection,
    name: str,
    release: Release,
    alias: str | None,
    keep: int = 0,
    terms: Terms = ANY,
    now: float = 0.0,
) -> ModelVersion:
    """Create a version of a release, or return the newest one if it has that plan; point the alias to it.

    If the release was verified, the returned version is marked verified, even if it existed before.  If ``keep`` is not
    0, versions without an alias beyond the newest ``keep`` are deleted.  ``now`` is the time of the database.

    Raises:
        PreconditionError: the terms do not hold.
        ExhaustedError: the identity that is charged would hold more than it may, after these deletions.
    """
    newest = connection.execute(
        select(versions).where(versions.c.model == name).order_by(versions.c.version.desc()).limit(1)
    ).first()
    admit(connection, name, terms, alias or STABLE, done=_is_published(connection, newest, release, alias))
    added = newest is None or not _has_plan(connection, newest, release)
    if newest is None or added:
        number = _add_version(connection, name, release)
    else:
        number = newest.version
        _record_verification(connection, newest, release)
    if alias:
        point(connection, name, alias, number)
    mark(connection, name, MODEL, release.of_model)
    mark(connection, name, number, release.of_version)
    model = reading.find_model(connection, name)
    dropped = _superseded(model, keep)
    if dropped:
        _delete_versions(connection, name, dropped)
    if added:
        release.quota.check(connection, newest is None, now or clock.now())
    (model,) = reading.labelled(connection, [model])
    return replace(check_version(model, number), dropped=tuple(dropped))


def point(connection: Connection, name: str, alias: str, version: int) -> None:
    """Point an alias at an existing version, which gets all of its calls; a repeated call changes nothing."""
    model = reading.find_model(connection, name)
    check_version(model, version)
    if model.aliases.get(alias) == version and alias not in model.traffic:
        return
    connection.execute(delete(traffic).where(traffic.c.model == name, traffic.c.alias == alias))
    row = upsert(connection, aliases).values(model=name, alias=alias, version=version)
    connection.execute(row.on_conflict_do_update(index_elements=["model", "alias"], set_={"version": version}))
    if alias in shadowed_by(model, version):  # it would be compared with itself
        end_shadows(connection, name, [alias])
    touch(connection, name)


def remove_alias(connection: Connection, name: str, alias: str) -> None:
    """Remove an existing alias."""
    model = reading.find_model(connection, name)
    if alias not in model.aliases:
        raise NotFoundError(f"model {name!r} has no alias {alias!r}; it has: {', '.join(model.aliases) or 'none'}")
    end_shadows(connection, name, [alias])
    for table in (traffic, aliases):
        connection.execute(delete(table).where(table.c.model == name, table.c.alias == alias))
    touch(connection, name)


def delete_version(connection: Connection, name: str, number: int, force: bool) -> None:
    """Delete one version, and with ``force`` the aliases that point to it; deleting the last one deletes the model."""
    model = reading.find_model(connection, name)
    check_version(model, number)
    _reject_if_used(model, f"{name}@{number}", [number], force)
    gone = [alias for alias, points in model.aliases.items() if points == number]
    ended = [*gone, *(alias for alias, runs in model.traffic.items() if number in shares_of(runs))]
    end_shadows(connection, name, [*gone, *shadowed_by(model, number)])
    for table, named in ((traffic, ended), (aliases, gone)):
        connection.execute(delete(table).where(table.c.model == name, table.c.alias.in_(named)))
    _delete_versions(connection, name, [number], last=len(model.versions) == 1)


def delete_model(connection: Connection, name: str, force: bool) -> None:
    """Delete a whole model; rejected while it has aliases, unless forced."""
    model = reading.find_model(connection, name)
    _reject_if_used(model, name, [version.version for version in model.versions], force)
    delete_models(connection, [name])


def delete_models(connection: Connection, names: list[str]) -> None:
    """Delete existing models with their aliases; workers see it as one change."""
    if not names:
        return
    revision = next_revision(connection)
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        unmark_models(connection, chunk)
        end_shadows_of(connection, chunk)
        kernel_sets.drop_models(connection, chunk)
        charges.give_back(connection, versions.c.model.in_(chunk))
        for table in (traffic, aliases, versions):
            connection.execute(delete(table).where(table.c.model.in_(chunk)))
        gone = update(models).where(models.c.name.in_(chunk))
        connection.execute(gone.values(revision=revision, deleted=1, edition=models.c.edition + 1))


def lease(connection: Connection, digests: Iterable[Digest], until: float, holder: str) -> None:
    """Lease objects, stored or not, to a holder until at least a given time."""
    rows = [{"object": str(digest), "until": until, "holder": holder} for digest in dict.fromkeys(digests)]
    if rows:
        row = upsert(connection, leases)
        longer = {"until": row.excluded.until}
        statement = row.on_conflict_do_update(
            index_elements=["object", "holder"], set_=longer, where=row.excluded.until > leases.c.until
        )
        connection.execute(statement, rows)


def release(connection: Connection, digests: Iterable[Digest], holder: str) -> None:
    """End the leases of a holder on objects."""
    rows = [{"ended": str(digest), "by": holder} for digest in dict.fromkeys(digests)]
    if rows:
        mine = (leases.c.object == bindparam("ended")) & (leases.c.holder == bindparam("by"))
        connection.execute(delete(leases).where(mine), rows)


def drop_expired_leases(connection: Connection, now: float) -> None:
    """Drop the leases that have ended."""
    connection.execute(delete(leases).where(leases.c.until <= now))


def drop_leases(connection: Connection, prefix: str, kept: Collection[str]) -> None:
    """Drop the leases of holders with a prefix, except of some."""
    started = leases.c.holder.startswith(prefix, autoescape=True)
    connection.execute(delete(leases).where(started, leases.c.holder.not_in(kept)))


def forget(connection: Connection, now: float) -> None:
    """Drop expired leases, and the holdings of plans and definitions that no version has."""
    drop_expired_leases(connection, now)
    connection.execute(delete(holdings).where(~reading.needed(holdings.c.holder)))


def _add_version(connection: Connection, name: str, release: Release) -> int:
    row = upsert(connection, models).values(
        name=name, last_version=1, revision=0, deleted=0, creator=release.quota.identity
    )
    creator = case((models.c.deleted == 1, row.excluded.creator), else_=models.c.creator)
    more = {"last_version": models.c.last_version + 1, "deleted": 0, "creator": creator}
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=more))
    number: int = connection.execute(select(models.c.last_version).where(models.c.name == name)).scalar_one()
    connection.execute(
        insert(versions).values(
            model=name,
            version=number,
            plan=str(release.plan),
            definition=str(release.definition),
            created=time.time(),
            parameter_bytes=release.parameter_bytes,
            metadata=encode(dict(release.metadata)),
            kernel_set=release.kernel_set,
            creator=release.quota.identity,
            sample=str(release.sample or ""),
        )
    )
    kernel_sets.hold(connection, release)
    if release.quota.identity:
        charges.charge(connection, (versions.c.model == name) & (versions.c.version == number))
    touch(connection, name)
    return number


def _is_published(connection: Connection, newest: Row[Any] | None, release: Release, alias: str | None) -> bool:
    """Return whether a release is the newest version already, and has the alias."""
    if newest is None or not _has_plan(connection, newest, release):
        return False
    model = reading.find_model(connection, newest.model)
    return not alias or (model.aliases.get(alias) == newest.version and alias not in model.traffic)


def _has_plan(connection: Connection, version: Row[Any], release: Release) -> bool:
    """Return whether a version has the plan of a release, also as one for other kernels than it was deployed for."""
    if version.plan == str(release.plan):
        return True
    return kernel_sets.is_recompiled(connection, version.model, version.version, release.plan)


def _superseded(model: Model, keep: int) -> list[int]:
    """Return the versions without an alias beyond the newest ``keep``, in order; none if ``keep`` is 0."""
    named = {*model.aliases.values(), *(version for runs in model.traffic.values() for version, _ in runs)}
    named |= {shadow.version for shadow in model.shadows.values()}
    free = [version.version for version in model.versions if version.version not in named]
    return free[:-keep] if keep else []


def _delete_versions(connection: Connection, name: str, numbers: list[int], last: bool = False) -> None:
    """Delete versions to which no alias points; ``last`` says that the model has no others."""
    for start in range(0, len(numbers), _CHUNK):
        chunk = numbers[start : start + _CHUNK]
        charges.give_back(connection, (versions.c.model == name) & versions.c.version.in_(chunk))
    rows = [{"old": number} for number in numbers]
    old = (versions.c.model == name) & (versions.c.version == bindparam("old"))
    connection.execute(delete(versions).where(old), rows)
    unmark(connection, name, [*numbers, *([MODEL] if last else [])])
    kernel_sets.drop(connection, name, numbers)
    touch(connection, name, deleted=last)


def _record_verification(connection: Connection, version: Row[Any], release: Release) -> None:
    if not release.metadata.get("verified"):
        return
    before = decode(version.metadata)
    after = {**before, **{key: release.metadata[key] for key in VERIFICATION if key in release.metadata}}
    sample = str(release.sample or "")
    if encode(after) == version.metadata and sample == version.sample:
        return
    if release.sample is not None:
        kernel_sets.hold(connection, replace(release, holdings={release.sample: ()}))
    changed = update(versions).where(versions.c.model == version.model, versions.c.version == version.version)
    connection.execute(changed.values(metadata=encode(after), sample=sample))
    touch(connection, version.model)


def check_version(model: Model, number: int) -> ModelVersion:
    """Return a version of a model, or raise :class:`NotFoundError`."""
    for version in model.versions:
        if version.version == number:
            return version
    has = ", ".join(str(version.version) for version in model.versions)
    raise NotFoundError(f"model {model.name!r} has no version {number}; it has: {has}")


def _reject_if_used(model: Model, what: str, numbers: list[int], force: bool) -> None:
    used = [f"{alias} -> {number}" for alias, number in model.aliases.items() if number in numbers]
    for alias, runs in model.traffic.items():
        others = ((number, slots) for number, slots in shares_of(runs).items() if number != model.aliases[alias])
        used += [f"{alias} -> {number} ({percent(slots)} %)" for number, slots in others if number in numbers]
    used += uses_of(model, numbers)
    if used and not force:
        elsewhere = "move the alias first, or " if len(numbers) < len(model.versions) else ""
        raise PreconditionError(f"{what} is in use: {', '.join(used)}; {elsewhere}delete with force")
