"""Selectors of feature_engine, which drop columns."""

from __future__ import annotations

from typing import Any

from feature_engine import selection
from feature_engine.selection.base_selector import BaseSelector

from pretzel.importers.feature_engine.tables import Table, changes
from pretzel.importers.registry import Step

SELECTORS = tuple(
    kind for kind in vars(selection).values() if isinstance(kind, type) and issubclass(kind, BaseSelector)
)


@changes(*SELECTORS)
def selected(estimator: Any, table: Table, step: Step) -> Table:
    """Return the columns that fitting did not choose to drop."""
    dropped = set(estimator.features_to_drop_)
    return {name: column for name, column in table.items() if name not in dropped}
