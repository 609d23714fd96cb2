"""Transformers of scikit-learn over some columns of a table."""

from __future__ import annotations

from typing import Any

from feature_engine.wrappers import SklearnTransformerWrapper

from pretzel.importers.columns import Columns
from pretzel.importers.feature_engine.tables import Table, changes
from pretzel.importers.registry import Step

ADDING = ("OneHotEncoder", "PolynomialFeatures")
"""Transformers whose columns are placed at the end."""


@changes(SklearnTransformerWrapper)
def wrapped(estimator: Any, table: Table, step: Step) -> Table:
    """Return the table with the columns of the wrapped transformer in the place of those that it read."""
    dropped = getattr(estimator, "features_to_drop_", None)
    if dropped is not None:
        return {name: column for name, column in table.items() if name not in set(dropped)}
    inner = estimator.transformer_
    given = Columns.side_by_side([table[name] for name in estimator.variables_], frame=True)
    made = Columns.of(step.transform("transformer_", inner, given)).each()
    if type(inner).__name__ in ADDING:
        kept = {name: column for name, column in table.items() if name not in set(estimator.variables_)}
        return kept | {("made", i): column for i, column in enumerate(made)}
    return table | dict(zip(estimator.variables_, made, strict=True))
