"""CatBoost's SHAP values: ``get_feature_importance(type="ShapValues")``, whose ``shap_calc_type`` is ``Regular``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.splits import Splits
from pretzel.importers.catboost.structure import CtrFeature, FloatFeature, OneHotFeature
from pretzel.importers.catboost.trees import expanded, laid_out, leaf_table
from pretzel.importers.contributions import METHOD, contributions, each_output
from pretzel.importers.forest import Trees, joined
from pretzel.importers.registry import Methods
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

NOTHING = 1e-13
"""A leaf of this weight or less had no training rows, and is skipped."""


def contribution_methods(x: Node, model: Model, splits: Splits) -> Methods:
    """Return the contribution of each feature to each score, with the expected value last; empty if undefined.

    Source: ``CalcObliviousInternalShapValuesForLeafRecursive``.
    """
    trees, weights = model.trees, model.leaf_weights
    if weights is None or not _is_explained(model):
        return {}
    empty, first = weights <= NOTHING, np.cumsum(1 << trees.sizes) - (1 << trees.sizes)
    total = np.add.reduceat(weights, first)
    if not (np.isfinite(weights).all() and (total > NOTHING).all()):
        return {}
    mean = np.add.reduceat(weights[:, None] * trees.leaves, first) / total[:, None]
    values = np.where(empty[:, None], 0.0, trees.leaves)  # skip paths to leaves that no training row reached
    whole = laid_out(*expanded(trees, np.where(empty, -1, np.arange(len(weights)))), splits, len(weights))
    whole = replace(whole, cover=_cover(whole, weights))
    groups, shares = _groups(model)
    node = contributions(
        joined(x, [whole], table=leaf_table(values), base=np.zeros(trees.dimension)),
        [whole],
        mean.sum(axis=0) + np.resize(np.array(model.bias), trees.dimension),
        width=len(shares),
        features=_of_columns(x.type.columns, model, splits, groups),
    )
    parts = each_output(METHOD, node, trees.dimension)
    return parts if len(shares) == shares.shape[1] else {name: _shared_out(one, shares) for name, one in parts.items()}


def _is_explained(model: Model) -> bool:
    """Return whether the library explains a model, independently for each row.

    It rejects models that scale their sums, and explains only one of two scores with uncertainty.  Its values do not
    add up to the prediction if trees are not symmetric, and depend on other rows of the request if features are
    monotone.
    """
    symmetric = model.trees.steps is None and len(model.trees.sizes) > 0
    return symmetric and model.scale == 1 and model.loss != "RMSEWithUncertainty" and not model.is_monotone


def _cover(whole: Trees, weights: np.ndarray) -> np.ndarray:
    """Return the weight of the training rows in each node; children come after their parents."""
    inner = whole.left >= 0
    cover = np.where(inner, 0.0, weights[whole.leaves])
    for at in np.flatnonzero(inner)[::-1].tolist():
        cover[at] = cover[whole.left[at]] + cover[whole.right[at]]
    return np.where(cover <= NOTHING, 0.0, cover)


def _groups(model: Model) -> tuple[list[int], np.ndarray]:
    """Return the group of columns that each feature reads, and the share of each column in each group.

    A statistic of several columns is one group, whose contribution is divided equally among them.
    """
    width = model.n_features_in_
    by_columns: dict[tuple[int, ...], int] = {(column,): column for column in range(width)}
    groups = [by_columns.setdefault(_columns(feature, model), len(by_columns)) for feature in model.features]
    shares = np.zeros((len(by_columns), width))
    for columns, group in by_columns.items():
        shares[group, list(columns)] = 1 / len(columns)
    return groups, shares


def _columns(feature: FloatFeature | OneHotFeature | CtrFeature, model: Model) -> tuple[int, ...]:
    """Return the columns of X that a feature reads; of a combination only its categories, not its splits."""
    if isinstance(feature, FloatFeature):
        return (feature.flat,)
    categories = {one.index: one.flat for one in model.categories}
    if isinstance(feature, OneHotFeature):
        return (categories[feature.category],)
    return tuple(sorted({categories[i] for i in feature.table[0].categories}))


def _of_columns(count: int, model: Model, splits: Splits, groups: list[int]) -> np.ndarray:
    """Return the group of each column of the matrix; it is arbitrary for columns that no split reads."""
    of_column = np.zeros(count, np.int64)
    of_split = np.repeat(groups, [feature.splits for feature in model.features])
    compared = splits.column >= 0
    of_column[splits.column[compared]] = of_split[compared]
    return of_column


def _shared_out(node: Node, shares: np.ndarray) -> Node:
    """Distribute the contributions of groups to columns; the expected value stays last."""
    weights = np.zeros((len(shares) + 1, shares.shape[1] + 1))
    weights[:-1, :-1], weights[-1, -1] = shares, 1.0
    return ops.Linear(node, Parameter.of(weights))
