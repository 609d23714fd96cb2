"""Booleans, which imputers and indicators of missing values reject if all of their columns hold them."""

from __future__ import annotations

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Open
from pretzel.importers.registry import Step


def without_booleans(x: Columns, step: Step) -> None:
    """Record for clients that this step rejects an array of booleans; any number among its columns makes it numbers."""
    if all(isinstance(part, Open) for part in x.parts):
        group = [[part.name, _places(part)] for part in x.parts if isinstance(part, Open)]
        step.inputs.metadata.setdefault("without_booleans", []).append(group)


def _places(part: Open) -> list[int] | None:
    return None if part.positions is None else list(part.positions)
