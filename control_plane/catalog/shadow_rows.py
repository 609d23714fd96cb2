"""The rows of shadows: what uses a version as one, and their end, inside a write transaction that the caller opened."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, delete

from pretzel.control_plane.catalog.tables import shadow_figures, shadows
from pretzel.plan.model import Model
from pretzel.plan.traffic import percent


def uses_of(model: Model, numbers: Collection[int]) -> Iterator[str]:
    """Return a text for each shadow that is one of some versions."""
    for alias, shadow in model.shadows.items():
        if shadow.version in numbers:
            yield f"{alias} -> {shadow.version} (shadow of {percent(shadow.slots)} %)"


def shadowed_by(model: Model, number: int) -> list[str]:
    """Return the aliases whose shadow is a version."""
    return [alias for alias, shadow in model.shadows.items() if shadow.version == number]


def end_shadows(connection: Connection, name: str, aliases: Collection[str]) -> None:
    """End the shadows of some aliases of a model, and drop what they showed."""
    for table in (shadow_figures, shadows):
        connection.execute(delete(table).where(table.c.model == name, table.c.alias.in_(aliases)))


def end_shadows_of(connection: Connection, names: Collection[str]) -> None:
    """End all shadows of some models, and drop what they showed."""
    for table in (shadow_figures, shadows):
        connection.execute(delete(table).where(table.c.model.in_(names)))
