"""Feature contributions of LightGBM's trees, as ``Booster.predict(pred_contrib=True)`` returns them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.contributions import METHOD, contributions
from pretzel.importers.forest import joined
from pretzel.importers.lightgbm.model import Model, Tree
from pretzel.importers.lightgbm.scores import forest_of
from pretzel.importers.registry import Methods, Step


def contribution_methods(model: Model, x: Columns, step: Step) -> Methods:
    """Return the contribution of each feature to each score, class by class, with the expected value last.

    The contributions add up to the sum of the trees, even for a random forest, which predicts the mean.
    Source: ``GBDT::PredictContrib``, ``Tree::PredictContrib``.
    """
    forest, classes = forest_of(model, x, step), model.trees_per_iteration
    if not forest.trees or any(tree.cover is None for tree in forest.trees):
        return {}
    whole = joined(forest.x, forest.trees, base=np.zeros(classes), group=forest.group)
    width = len(model.feature_names)
    node = contributions(whole, forest.trees, _expected(model), width=width, features=forest.features)
    return {} if node is None else {METHOD: node}


def _expected(model: Model) -> np.ndarray:
    """Return the sum of the expected values of the trees of each class, in order (``Tree::ExpectedValue``)."""
    expected = np.zeros(model.trees_per_iteration)
    for i, tree in enumerate(model.trees):
        expected[i % len(expected)] += _expected_of(tree)
    return expected


def _expected_of(tree: Tree) -> Any:
    if len(tree.leaf_value) == 1:
        return tree.leaf_value[0]
    with np.errstate(all="ignore"):
        terms = tree.leaf_count / tree.internal_count[0] * tree.leaf_value
    return np.cumsum(terms)[-1]
