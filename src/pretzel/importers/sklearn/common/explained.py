"""Optional outputs of scikit-learn's trees: leaf indices and feature contributions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.importers.contributions import METHOD, contributions, each_output, expected_value
from pretzel.importers.forest import Trees, leaf_index
from pretzel.importers.registry import Methods, Step
from pretzel.plan import ops
from pretzel.plan.node import Node


def offer_explanations(
    estimator: Any,
    forest: Node,
    trees: Sequence[Trees],
    step: Step,
    *,
    features: np.ndarray | None = None,
    dtype: str = "<i8",
    shape: tuple[int, ...] | None = None,
) -> None:
    """Offer the leaves that a forest reaches, and the contributions of the features to its sums or means.

    ``features``: the feature of each column, if the columns are not in order.  ``dtype`` and ``shape``: of the leaves,
    as ``apply`` returns them.
    """
    if isinstance(forest, ops.TreeEnsemble) and trees:
        offer_leaves(forest.x, trees, step, dtype=dtype, shape=shape)
        step.offer(METHOD, lambda: _explained(estimator, forest, trees, features))


def offer_leaves(
    x: Node, trees: Sequence[Trees], step: Step, *, dtype: str = "<i8", shape: tuple[int, ...] | None = None
) -> None:
    """Offer the index of the leaf that a row reaches in each tree."""
    step.offer("leaf_index", lambda: leaf_index(x, [_numbered(one) for one in trees]), dtype=dtype, shape=shape)


def _numbered(one: Trees) -> Trees:
    return dataclasses.replace(one, leaves=np.arange(len(one.left)))


def _explained(
    estimator: Any, forest: ops.TreeEnsemble, trees: Sequence[Trees], features: np.ndarray | None
) -> Methods:
    """Return the contributions of the features to each sum or mean of the trees, as in ``shap.TreeExplainer``."""
    bias = forest.base.array.copy()
    for i, one in enumerate(trees):
        value = expected_value(one) / (len(trees) if forest.aggregate == "mean" else 1)
        bias[slice(None) if forest.group is None else forest.group.array[i]] += value
    node = contributions(forest, trees, bias, width=int(estimator.n_features_in_), features=features)
    return each_output(METHOD, node, len(bias))


def apply(estimator: Any, X: Any) -> Any:
    """Return the leaves that scikit-learn reports."""
    return estimator.apply(X)
