"""Shadows of aliases, and what workers report of them; every method is one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select

from pretzel.control_plane.catalog import names, reading
from pretzel.control_plane.catalog.audit import watched
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.revisions import touch
from pretzel.control_plane.catalog.shadow_rows import end_shadows
from pretzel.control_plane.catalog.splitting import runs_of
from pretzel.control_plane.catalog.tables import shadow_figures, shadows
from pretzel.control_plane.catalog.terms import admit
from pretzel.control_plane.catalog.upserts import upsert
from pretzel.control_plane.catalog.writing import check_version
from pretzel.errors import InputError, NotFoundError
from pretzel.plan.model import Model, Shadow
from pretzel.plan.terms import ANY, Terms
from pretzel.plan.traffic import SLOTS, percent, shares_of

MOST_SOURCES = 1000
"""Runs of workers whose figures of one shadow are kept; those of further ones are ignored."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The figures that one run of a worker has of a shadow and a version."""

    model: str
    alias: str
    shadow: int
    """The id of the shadow."""
    against: int
    progress: int
    """A number that grows with them; figures with a smaller one than is kept already are late, and ignored."""
    figures: bytes
    """An encoded `ShadowFigures`."""


class Shadows:
    """The part of a catalog about shadows.  Safe to call from any thread."""

    def __init__(self, database: Database, changing: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Use a database; ``changing`` opens a transaction after which watchers look."""
        self._database, self._changing = database, changing

    def set(self, name: str, alias: str, version: int, slots: int, terms: Terms = ANY) -> Model:
        """Send copies of calls of an alias to a version, or end that with 0 slots, and return the model.

        Raises:
            InputError: the share is none, or the version takes all calls of the alias itself.
            NotFoundError: the model, the alias or the version does not exist.
            PreconditionError: the terms do not hold.
        """
        names.check_alias(alias)
        if not 0 <= slots <= SLOTS:
            raise InputError(f"shadow: a share of {percent(slots)} %; expected 0 to 100")
        with self._changing() as connection, watched(connection, name):
            model = reading.find_model(connection, name)
            _check_alias(model, alias)
            if slots:
                check_version(model, version)
                _check_other(model, alias, version)
            done = _is_done(model.shadows.get(alias), version, slots)
            admit(connection, name, terms, alias, done=done)
            if not done:
                _write(connection, model, alias, Shadow(version, slots, 0))
            return reading.labelled_one(connection, reading.find_model(connection, name))

    def report(self, source: str, reported: Iterable[Reported]) -> None:
        """Keep the figures of a run of a worker, in place of its earlier ones; those of ended shadows are ignored."""
        with self._database.write(durable=False) as connection:
            for one in reported:
                _keep(connection, source, one)

    def figures(self, name: str, alias: str) -> tuple[Shadow, list[bytes]]:
        """Return the shadow of an alias, and the figures of all runs of workers that reported some.

        Raises:
            NotFoundError: the model or the alias does not exist, or the alias has no shadow.
        """
        with self._database.read() as connection:
            model = reading.find_model(connection, name)
            _check_alias(model, alias)
            shadow = model.shadows.get(alias)
            if shadow is None:
                raise NotFoundError(f"model {name!r}: its alias {alias!r} has no shadow; set one first")
            return shadow, list(connection.scalars(_figures_of(name).where(shadows.c.alias == alias)))

    def figures_of(self, name: str, version: int) -> list[bytes]:
        """Return all figures of a version as a shadow of any alias of its model."""
        with self._database.read() as connection:
            return list(connection.scalars(_figures_of(name).where(shadows.c.version == version)))

    def all(self) -> Mapping[tuple[str, str], tuple[Shadow, list[bytes]]]:
        """Return all shadows with their figures, by model and alias."""
        with self._database.read() as connection:
            found = {
                (row.model, row.alias): (Shadow(row.version, row.slots, row.id), list[bytes]())
                for row in connection.execute(select(shadows))
            }
            query = select(shadow_figures.c.model, shadow_figures.c.alias, shadow_figures.c.figures)
            for row in connection.execute(query):
                if (row.model, row.alias) in found:
                    found[row.model, row.alias][1].append(row.figures)
        return found


def _check_alias(model: Model, alias: str) -> None:
    if alias not in model.aliases:
        has = ", ".join(model.aliases) or "none"
        raise NotFoundError(f"model {model.name!r} has no alias {alias!r}; it has: {has}")


def _is_done(before: Shadow | None, version: int, slots: int) -> bool:
    if before is None or not slots:
        return before is None and not slots
    return (before.version, before.slots) == (version, slots)


def _check_other(model: Model, alias: str, version: int) -> None:
    """Check that some calls of an alias take another version than its shadow.

    Raises:
        InputError: all take that version.
    """
    if set(shares_of(runs_of(model, alias))) == {version}:
        raise InputError(f"shadow: alias {alias!r} points to version {version} itself; give another version")


def _write(connection: Connection, model: Model, alias: str, shadow: Shadow) -> None:
    before = model.shadows.get(alias)
    if before is None or before.version != shadow.version or not shadow.slots:
        end_shadows(connection, model.name, [alias])
        before = None
    if shadow.slots:
        number = before.id if before else 1 + secrets.randbits(62)
        row = upsert(connection, shadows).values(
            model=model.name, alias=alias, version=shadow.version, slots=shadow.slots, id=number
        )
        connection.execute(row.on_conflict_do_update(index_elements=["model", "alias"], set_={"slots": shadow.slots}))
    touch(connection, model.name)


def _keep(connection: Connection, source: str, one: Reported) -> None:
    mine = (shadows.c.model == one.model) & (shadows.c.alias == one.alias) & (shadows.c.id == one.shadow)
    if connection.scalar(select(shadows.c.id).where(mine)) is None:
        return
    kept = shadow_figures.c
    of_shadow = (kept.model == one.model) & (kept.alias == one.alias) & (kept.shadow == one.shadow)
    others = select(func.count()).select_from(shadow_figures).where(of_shadow, kept.source != source)
    if (connection.scalar(others) or 0) >= MOST_SOURCES:
        return
    row = upsert(connection, shadow_figures).values(
        model=one.model,
        alias=one.alias,
        shadow=one.shadow,
        against=one.against,
        source=source,
        progress=one.progress,
        figures=one.figures,
    )
    newer = {name: row.excluded[name] for name in ("progress", "figures")}
    keys = ["model", "alias", "shadow", "against", "source"]
    connection.execute(
        row.on_conflict_do_update(index_elements=keys, set_=newer, where=row.excluded.progress >= kept.progress)
    )


def _figures_of(name: str) -> Select[tuple[bytes]]:
    joined = (
        (shadow_figures.c.model == shadows.c.model)
        & (shadow_figures.c.alias == shadows.c.alias)
        & (shadow_figures.c.shadow == shadows.c.id)
    )
    return select(shadow_figures.c.figures).join(shadows, joined).where(shadows.c.model == name)
