"""Feature contributions and interactions, as ``Booster.predict`` returns them (``pred_contribs=True``, ...)."""

from __future__ import annotations

import math

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.contributions import PAIRS, contributions, each_output, expected_value
from pretzel.importers.forest import Trees, joined
from pretzel.importers.registry import Methods, Step
from pretzel.importers.xgboost.model import Model
from pretzel.importers.xgboost.scores import as_margins, checked, forest_of


def contribution_methods(model: Model, x: Columns, step: Step, method: str, missing: float = math.nan) -> Methods:
    """Return the contributions, or the interactions, of features to each score, with the expected value last.

    Infinity is rejected, as a ``DMatrix`` rejects it.  The result is empty for linear models, and for trees with
    vectors at their leaves, which XGBoost 3.2 does not explain.
    Source: ``ShapValues``, ``ShapInteractionValues``.
    """
    base = as_margins(model)
    if not model.trees or model.trees[0].leaves.ndim == 2:
        return {}
    forest = forest_of(model, x, step, missing)
    weights = np.ones(len(forest.trees), np.float32) if model.weights is None else model.weights
    # XGBoost weights contributions instead of leaves: the difference is one rounding, as in its other sums.
    trees = [one.weighed(float(weight)) for one, weight in zip(forest.trees, weights, strict=False)]
    group = np.array(model.group) if len(base) > 1 else None
    whole = joined(
        checked(forest.x, missing, step), trees, base=np.zeros(len(base), np.float32), group=group, strict=True
    )
    bias = _expected(model, forest.trees, weights)
    node = contributions(
        whole, trees, bias, width=model.features, features=forest.features, interactions=method == PAIRS
    )
    return each_output(method, node, len(base))


def _expected(model: Model, trees: list[Trees], weights: np.ndarray) -> np.ndarray:
    """Return the base score plus the expected values (``FillNodeMeanValues``) of the trees, for each score."""
    base = as_margins(model)
    expected = np.zeros(len(base), np.float32)
    for one, group, weight in zip(trees, model.group, weights, strict=False):
        expected[group if len(base) > 1 else 0] += expected_value(one) * weight
    return np.asarray(expected + base)
