"""Objects that identities hold by their versions, and uploads that wait, each in a transaction that the caller opened.

Every identity is charged once for each object that its versions need, also if versions of others need it: so its use
changes by its own versions only.  Rows have the number of these versions, so that a change of the catalog takes time in
proportion to the versions that it adds or removes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, select, union, update

from pretzel.control_plane.catalog.space_tables import charged, charges, uploads
from pretzel.control_plane.catalog.tables import holdings, leases, versions
from pretzel.control_plane.catalog.upserts import upsert
from pretzel.plan.digest import Digest

_CHUNK = 500  # SQLite takes a bounded number of variables


class Space(NamedTuple):
    """A number of objects, and the sum of their bytes."""

    objects: int = 0
    bytes: int = 0

    def and_(self, other: Space) -> Space:
        """Return both together."""
        return Space(self.objects + other.objects, self.bytes + other.bytes)


def charge(connection: Connection, where: ColumnElement[bool]) -> None:
    """Charge what some versions need, after they were added with their holdings."""
    new: dict[str, list[Digest]] = {}
    rows = []
    for identity, counts in _needed(connection, where).items():
        present = _charged(connection, identity, counts)
        new[identity] = [Digest.parse(text) for text in counts if text not in present]
        rows += [
            {"identity": identity, "object": text, "bytes": Digest.parse(text).size, "versions": count}
            for text, count in counts.items()
        ]
    if rows:
        row = upsert(connection, charges)
        more = {"versions": charges.c.versions + row.excluded.versions}
        connection.execute(row.on_conflict_do_update(index_elements=["identity", "object"], set_=more), rows)
    for identity, objects in new.items():
        _change(connection, identity, space_of(objects))


def give_back(connection: Connection, where: ColumnElement[bool]) -> None:
    """Charge no longer what some versions need, before they are removed or changed."""
    for identity, counts in _needed(connection, where).items():
        present = _charged(connection, identity, counts)
        lowered = {text: present[text] - count for text, count in counts.items() if text in present}
        gone = [text for text, count in lowered.items() if count <= 0]
        of = (charges.c.identity == identity) & (charges.c.object == bindparam("of"))
        if kept := [{"of": text, "count": count} for text, count in lowered.items() if count > 0]:
            connection.execute(update(charges).where(of).values(versions=bindparam("count")), kept)
        if gone:
            connection.execute(delete(charges).where(of), [{"of": text} for text in gone])
            objects, size = space_of(map(Digest.parse, gone))
            _change(connection, identity, Space(-objects, -size))


def held(connection: Connection, identity: str) -> Space:
    """Return what the versions of an identity need."""
    row = connection.execute(select(charged.c.objects, charged.c.bytes).where(charged.c.identity == identity)).first()
    return Space(*row) if row else Space()


def waiting(connection: Connection, identity: str, now: float) -> Space:
    """Return what an identity uploads and its versions do not need: an object counts once, also if it comes twice."""
    lasts = (leases.c.object == uploads.c.object) & (leases.c.holder == uploads.c.holder) & (leases.c.until > now)
    needed = exists().where(charges.c.identity == uploads.c.identity, charges.c.object == uploads.c.object)
    one = select(uploads.c.object, uploads.c.bytes).join(leases, lasts)
    one = one.where(uploads.c.identity == identity, ~needed).distinct()
    counted = one.subquery()
    objects, size = connection.execute(select(func.count(), func.sum(counted.c.bytes)).select_from(counted)).one()
    return Space(objects, int(size or 0))


def further(connection: Connection, identity: str, digests: Iterable[Digest], now: float) -> Space:
    """Return the part of some objects that an identity neither holds nor uploads."""
    asked = {str(digest): digest for digest in digests}
    for chunk in _chunks([*asked]):
        mine = uploads.c.identity == identity, uploads.c.object.in_(chunk)
        lasts = (leases.c.object == uploads.c.object) & (leases.c.holder == uploads.c.holder) & (leases.c.until > now)
        coming = connection.scalars(select(uploads.c.object).join(leases, lasts).where(*mine))
        for text in {*_charged(connection, identity, chunk), *coming}:
            asked.pop(text, None)
    return space_of(asked.values())


def begin(connection: Connection, identity: str, digest: Digest, holder: str) -> None:
    """Count an upload under a lease."""
    row = upsert(connection, uploads).values(
        object=str(digest), holder=holder, identity=identity, bytes=digest.size, streams=1
    )
    more = {"streams": uploads.c.streams + 1}
    connection.execute(row.on_conflict_do_update(index_elements=["object", "holder", "identity"], set_=more))


def end(connection: Connection, identity: str, digest: Digest, holder: str) -> None:
    """Do not count an upload that failed; another of the same object stays counted."""
    mine = (uploads.c.object == str(digest)) & (uploads.c.holder == holder) & (uploads.c.identity == identity)
    connection.execute(update(uploads).where(mine).values(streams=uploads.c.streams - 1))
    connection.execute(delete(uploads).where(mine, uploads.c.streams <= 0))


def space_of(digests: Iterable[Digest]) -> Space:
    """Return the number and the bytes of different objects."""
    sizes = [digest.size for digest in digests]
    return Space(len(sizes), sum(sizes))


def _needed(connection: Connection, where: ColumnElement[bool]) -> dict[str, Counter[str]]:
    """Return for each identity the objects that some versions of it need, with the number of these versions."""
    columns = versions.c.model, versions.c.version, versions.c.creator, holdings.c.object
    both = union(  # an object of the plan and of the definition is one
        *(
            select(*columns).join(holdings, holdings.c.holder == holder).where(where, versions.c.creator != "")
            for holder in (versions.c.plan, versions.c.definition)
        )
    ).subquery()
    query = select(both.c.creator, both.c.object, func.count()).group_by(both.c.creator, both.c.object)
    found: dict[str, Counter[str]] = {}
    for identity, text, count in connection.execute(query):
        found.setdefault(identity, Counter())[text] = count
    return found


def _charged(connection: Connection, identity: str, objects: Iterable[str]) -> dict[str, int]:
    """Return those of some objects that an identity is charged for, with the number of its versions."""
    found: dict[str, int] = {}
    for chunk in _chunks([*objects]):
        mine = charges.c.identity == identity, charges.c.object.in_(chunk)
        found |= {row.object: row.versions for row in connection.execute(select(charges).where(*mine))}
    return found


def _change(connection: Connection, identity: str, by: Space) -> None:
    row = upsert(connection, charged).values(identity=identity, objects=by.objects, bytes=by.bytes)
    sums = {name: charged.c[name] + row.excluded[name] for name in ("objects", "bytes")}
    connection.execute(row.on_conflict_do_update(index_elements=["identity"], set_=sums))
    if by.objects < 0:
        connection.execute(delete(charged).where(charged.c.identity == identity, charged.c.objects <= 0))


def _chunks(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
