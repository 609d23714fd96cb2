"""Imputers of feature_engine, and indicators of missing values."""

from __future__ import annotations

from typing import Any

import numpy as np
from feature_engine import imputation

from pretzel.importers.columns import Columns
from pretzel.importers.feature_engine.tables import Table, changes, note_types
from pretzel.importers.registry import Step, refuses
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

refuses(
    imputation.RandomSampleImputer,
    reason="it fills in values drawn at random",
    remedy="use MeanMedianImputer, ArbitraryNumberImputer or CategoricalImputer",
)
refuses(
    imputation.DropMissingData,
    reason="it drops rows, and each row of a request has an answer",
    remedy="leave it out: drop the rows before fitting, and impute missing values of requests",
)


@changes(imputation.MeanMedianImputer, imputation.EndTailImputer, imputation.ArbitraryNumberImputer)
def filled_with_numbers(estimator: Any, table: Table, step: Step) -> Table:
    """Return the columns with a number in place of each missing value."""
    note_types(table, estimator.imputer_dict_, ["arrow_whole_missing"], step)
    return table | {name: Columns.of(_filled(table[name], fill)) for name, fill in estimator.imputer_dict_.items()}


@changes(imputation.CategoricalImputer)
def filled_with_categories(estimator: Any, table: Table, step: Step) -> Table:
    """Return the columns with a category in place of each missing value."""
    if estimator.return_object:
        raise step.refuse("return_object", "it returns objects", "leave it at False")
    for fill in estimator.imputer_dict_.values():
        if not isinstance(fill, str) and isinstance(estimator.fill_value, str):
            raise step.refuse("ignore_format", "it fills numbers by a category", "use ArbitraryNumberImputer for them")
    note_types(table, estimator.imputer_dict_, ["arrow_whole_missing"], step)
    filled = {
        name: _filled_text(table[name], fill) if isinstance(fill, str) else _filled(table[name], fill)
        for name, fill in estimator.imputer_dict_.items()
    }
    return table | {name: Columns.of(node) for name, node in filled.items()}


@changes(imputation.AddMissingIndicator)
def indicated(estimator: Any, table: Table, step: Step) -> Table:
    """Return all columns, then a one for each missing value of some of them."""
    first = Parameter.of(np.zeros(1, np.int64))
    added = {}
    for name in estimator.variables_:
        column = table[name]
        read = column.text() if column.holds_texts else column.number()
        missing = ops.MissingIndicator(ops.Concat((read,)), first, dtype="bool")
        added[name, "na"] = Columns.of(ops.Cast(missing, "i8"))
    return table | added


def _filled(column: Columns, fill: float) -> Node:
    read = column.number()
    return ops.Impute(read, Parameter.of(np.array([fill], read.type.numpy)))


def _filled_text(column: Columns, fill: str) -> Node:
    texts = Parameter.strings([fill])
    return ops.Impute(ops.Impute(column.text(), texts), texts, missing_none=True)  # pandas fills NaN and None
