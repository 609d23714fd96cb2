"""The input of the placement: the models that some workers keep loaded, and what each shares."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.reading import current
from pretzel.control_plane.catalog.sharing import chosen_versions
from pretzel.control_plane.catalog.tables import hints, holdings
from pretzel.plan.digest import Digest
from pretzel.plan.hints import Hints


@dataclass(frozen=True, slots=True)
class Kept:
    """A model that is kept loaded somewhere."""

    model: str
    key: str
    """Digest of the largest object that it shares, or else of its largest one."""
    hints: Hints


def read(database: Database, spread: int) -> tuple[int, list[Kept]]:
    """Return the revision of the catalog, and the models to keep loaded: with ``spread`` all, else those with hints."""
    with database.read() as connection:
        _, revision = current(connection)
        found = _hinted(connection, spread)
        return revision, [Kept(model, key, found[model]) for model, key in _keys(connection, found, spread).items()]


def _hinted(connection: Connection, spread: int) -> dict[str, Hints]:
    """Return the hints of the models that are kept loaded."""
    asked = or_(hints.c.pin == 1, hints.c.replicas > 0)
    if not spread and connection.execute(select(hints.c.model).where(asked).limit(1)).first() is None:
        return {}  # without a look at all models
    chosen = chosen_versions()
    query = select(chosen.c.model, hints.c.pin, hints.c.replicas, hints.c.workers)
    query = query.outerjoin(hints, hints.c.model == chosen.c.model)
    if not spread:
        query = query.where(asked)
    rows = connection.execute(query)
    return {row.model: Hints(bool(row.pin), row.replicas or 0, row.workers or "") for row in rows}


def _keys(connection: Connection, wanted: Mapping[str, Hints], spread: int) -> dict[str, str]:
    """Return what each model shares, as the digest of an object."""
    if not wanted:
        return {}
    chosen = chosen_versions()
    query = select(chosen.c.model, holdings.c.object).join(holdings, holdings.c.holder == chosen.c.plan)
    if not spread:
        query = query.join(hints, hints.c.model == chosen.c.model)
        query = query.where(or_(hints.c.pin == 1, hints.c.replicas > 0))
    objects: dict[str, list[str]] = defaultdict(list)
    for model, digest in connection.execute(query):
        if model in wanted:
            objects[model].append(digest)
    return keys_of(objects)


def keys_of(objects: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return of each model the largest of its objects that another one has too, or else the largest."""
    counts = Counter(digest for held in objects.values() for digest in held)
    sizes = {digest: Digest.parse(digest).size for digest in counts}
    return {
        model: max(held, key=lambda digest: (counts[digest] > 1, sizes[digest], digest))
        for model, held in objects.items()
    }
