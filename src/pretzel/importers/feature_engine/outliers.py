"""Capping of outliers by feature_engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from feature_engine import outliers

from pretzel.importers.columns import Columns
from pretzel.importers.feature_engine.tables import Table, changes, checked, note_types
from pretzel.importers.registry import Step, refuses
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

refuses(
    outliers.OutlierTrimmer,
    reason="it drops rows, and each row of a request has an answer",
    remedy="leave it out: trim the rows before fitting, or use Winsorizer",
)


@changes(outliers.ArbitraryOutlierCapper, outliers.Winsorizer)
def capped(estimator: Any, table: Table, step: Step) -> Table:
    """Return the columns clipped; a Winsorizer may add a one for each clipped value."""
    note_types(table, estimator.variables_, ["arrow_whole"], step)
    read = {name: checked(table[name], step) for name in estimator.variables_}
    clipped = {name: _clipped(node, estimator, name) for name, node in read.items()}
    added: Table = {}
    if getattr(estimator, "add_indicators", False):
        sides = {"both": ("left", "right")}.get(estimator.tail, (estimator.tail,))
        added = {(name, side): Columns.of(_moved(read[name], clipped[name], side)) for name in read for side in sides}
    return table | {name: Columns.of(node) for name, node in clipped.items()} | added


def _clipped(x: Node, estimator: Any, name: Any) -> Node:
    high = estimator.right_tail_caps_.get(name, np.inf)
    low = estimator.left_tail_caps_.get(name, -np.inf)
    if high < low:  # the library clips to the upper limit first
        high = low
    return ops.Clip(x, *(Parameter.of(np.array([limit], x.type.numpy)) for limit in (low, high)))


def _moved(before: Node, after: Node, side: str) -> Node:
    smaller, larger = (before, after) if side == "left" else (after, before)
    return ops.Cast(ops.Compare(smaller, larger, "less"), "f64")
