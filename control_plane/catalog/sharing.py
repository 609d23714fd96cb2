"""Queries on the objects that models share, over one version of each model: its stable one, or else its newest."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Connection, Subquery, Text, and_, cast, column, func, select, values

from pretzel.control_plane.catalog.columns import NUMBER
from pretzel.control_plane.catalog.names import STABLE
from pretzel.control_plane.catalog.tables import aliases, holdings, models, versions
from pretzel.plan.digest import Digest

_CHUNK = 500  # SQLite takes a bounded number of variables


@dataclass(frozen=True, slots=True)
class SharedObject:
    """An object that several models hold."""

    digest: Digest
    models: int
    plan: Digest
    """A plan that needs it."""

    @property
    def saved(self) -> int:
        """Bytes that the models would hold in addition, if each had its own."""
        return self.digest.size * (self.models - 1)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Sums over one version of each model."""

    models: int
    versions: int
    """All versions, also those that are not in the sums."""
    separate_bytes: int
    """Bytes of the parameters if each model had its own."""
    saved_bytes: int
    shared: int
    """Number of objects that several models hold."""
    objects: tuple[SharedObject, ...]
    """Those of them that save most."""


def measure(connection: Connection, most: int) -> Sharing:
    """Return what all models share, and the ``most`` objects that save most."""
    chosen = chosen_versions()
    sums = connection.execute(select(func.count(), func.coalesce(_sum(chosen.c.parameter_bytes), 0))).one()
    count = func.count()
    query = (
        select(holdings.c.object, count.label("models"), func.min(holdings.c.holder).label("plan"))
        .join(chosen, chosen.c.plan == holdings.c.holder)
        .where(holdings.c.object != holdings.c.holder)
        .group_by(holdings.c.object)
        .having(count > 1)
    )
    shared = [
        SharedObject(Digest.parse(row.object), row.models, Digest.parse(row.plan)) for row in connection.execute(query)
    ]
    return Sharing(
        models=sums[0],
        versions=connection.scalar(select(func.count()).select_from(versions)) or 0,
        separate_bytes=sums[1],
        saved_bytes=sum(item.saved for item in shared),
        shared=len(shared),
        objects=tuple(heapq.nlargest(most, shared, key=lambda item: (item.saved, item.digest))),
    )


def holders(connection: Connection, digest: Digest, most: int) -> list[str]:
    """Return the names of up to ``most`` models that hold an object."""
    chosen = chosen_versions()
    query = select(chosen.c.model).join(holdings, holdings.c.holder == chosen.c.plan)
    return list(connection.scalars(query.where(holdings.c.object == str(digest)).limit(most)))


def related(connection: Connection, model: str, plan: Digest) -> Counter[str]:
    """Return the bytes of the objects of a plan that each other model holds too."""
    holder = str(plan)
    own = select(holdings.c.object).where(holdings.c.holder == holder, holdings.c.object != holder)
    sizes = [(text, Digest.parse(text).size) for text in connection.scalars(own)]
    chosen, shared = chosen_versions(), Counter[str]()
    for start in range(0, len(sizes), _CHUNK):
        table = values(column("object", Text), column("size", NUMBER), name="asked")
        asked = table.data(sizes[start : start + _CHUNK]).cte("asked")
        query = (
            select(chosen.c.model, _sum(asked.c.size).label("size"))
            .join(holdings, holdings.c.holder == chosen.c.plan)
            .join(asked, asked.c.object == holdings.c.object)
            .where(chosen.c.model != model)
            .group_by(chosen.c.model)
        )
        shared.update({row.model: row.size for row in connection.execute(query)})
    return shared


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    """Return a sum as an integer; PostgreSQL's of 64 bits is a decimal number."""
    return cast(func.sum(column), BigInteger)


def chosen_versions() -> Subquery:
    """Return a query of one version of each model."""
    newest = select(func.max(versions.c.version)).where(versions.c.model == models.c.name).scalar_subquery()
    stable = and_(aliases.c.model == models.c.name, aliases.c.alias == STABLE)
    number = select(models.c.name, func.coalesce(aliases.c.version, newest).label("version"))
    picked = number.outerjoin(aliases, stable).where(models.c.deleted == 0).subquery("picked")
    same = and_(versions.c.model == picked.c.name, versions.c.version == picked.c.version)
    chosen = select(versions.c.model, versions.c.plan, versions.c.parameter_bytes).join(picked, same)
    return chosen.subquery("chosen")
