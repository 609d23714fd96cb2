"""Decision trees, and the conversion of scikit-learn's trees that forests share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn import tree

from pretzel.importers.answers import answers
from pretzel.importers.columns import Columns
from pretzel.importers.forest import Trees, joined
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.common.explained import apply, offer_explanations, offer_leaves
from pretzel.importers.sklearn.common.labels import by_target, labelled, labelled_targets
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

TREES = (
    tree.DecisionTreeClassifier,
    tree.DecisionTreeRegressor,
    tree.ExtraTreeClassifier,
    tree.ExtraTreeRegressor,
)
answers("leaf_index", *TREES)(apply)
reads_entries(*TREES, alike=False)
reads_thresholds(*TREES, single=True)


@imports(tree.DecisionTreeClassifier, tree.ExtraTreeClassifier)
def tree_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the class fractions of the leaf reached, and the class of the largest."""
    return fractions(estimator, [estimator], x, step, allow_nan=takes_nan(estimator, x))


@imports(tree.DecisionTreeRegressor, tree.ExtraTreeRegressor)
def tree_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the value of the leaf reached, or one per target."""
    return means(estimator, [estimator], x, step, allow_nan=takes_nan(estimator, x))


def fractions(estimator: Any, trees: Sequence[Any], x: Columns, step: Step, *, allow_nan: bool) -> Methods:
    """Return the mean of the class fractions of trees, by target if there are several."""
    if estimator.n_outputs_ > 1:
        return _fractions_by_target(estimator, trees, float32(estimator, x, allow_nan), step)
    leaves = [t.tree_.value[:, 0, : int(estimator.n_classes_)] for t in trees]
    converted = list(map(sklearn_tree, trees, leaves))
    proba = joined(float32(estimator, x, allow_nan), converted, aggregate="mean")
    offer_explanations(estimator, proba, converted, step, shape=_shape(estimator))
    return {
        "predict": labelled(ops.ArgMax(proba), estimator.classes_, step),
        "predict_proba": proba,
        "predict_log_proba": ops.Link(proba, "log"),
    }


def _fractions_by_target(estimator: Any, trees: Sequence[Any], x: Node, step: Step) -> Methods:
    """Return the class fractions of each target; a leaf holds those of all targets concatenated."""
    counts = np.asarray(estimator.n_classes_, np.int64)
    leaves = [np.hstack([t.tree_.value[:, k, :count] for k, count in enumerate(counts)]) for t in trees]
    converted = list(map(sklearn_tree, trees, leaves))
    whole = joined(x, converted, aggregate="mean")
    offer_leaves(x, converted, step, shape=_shape(estimator))
    places = np.split(np.arange(counts.sum()), np.cumsum(counts)[:-1])
    proba = [ops.Select(whole, Parameter.of(columns)) for columns in places]
    return (
        labelled_targets([ops.ArgMax(one) for one in proba], estimator.classes_, step)
        | by_target("predict_proba", proba)
        | by_target("predict_log_proba", [ops.Link(one, "log") for one in proba])
    )


def means(estimator: Any, trees: Sequence[Any], x: Columns, step: Step, *, allow_nan: bool) -> Methods:
    """Return the mean of the values of trees, and offer their leaves and contributions."""
    leaves = [t.tree_.value[:, :, 0] for t in trees]
    leaves = [leaf[:, 0] for leaf in leaves] if estimator.n_outputs_ == 1 else leaves
    converted = list(map(sklearn_tree, trees, leaves))
    mean = joined(float32(estimator, x, allow_nan), converted, aggregate="mean")
    offer_explanations(estimator, mean, converted, step, shape=_shape(estimator))
    return {"predict": mean}


def _shape(estimator: Any) -> tuple[int, ...] | None:
    """Return the shape of the leaves per row: for a single tree ``apply`` returns a vector."""
    return () if isinstance(estimator, tree.BaseDecisionTree) else None


def float32(estimator: Any, x: Columns, allow_nan: bool) -> Node:
    """Return x as scikit-learn's trees read it; absent entries of a sparse matrix compare as zeros."""
    rows = x.numbers("f32")
    dense = ops.Densify(rows) if rows.type.layout == "sparse" else rows
    return ops.RequireFinite(dense, type(estimator).__name__, allow_nan)


def takes_nan(fitted: Any, x: Columns) -> bool:
    """Return whether a tree was fitted on missing values, and so accepts them."""
    return bool(fitted.__sklearn_tags__().input_tags.allow_nan) and not x.is_sparse


def sklearn_tree(fitted: Any, leaves: np.ndarray) -> Trees:
    """Return a scikit-learn tree with ``leaves`` in place of its values, one per node."""
    nodes = fitted.tree_
    missing_left = nodes.missing_go_to_left.astype(bool)
    return Trees(
        nodes.feature,
        nodes.threshold,
        nodes.children_left,
        nodes.children_right,
        missing_left,
        leaves,
        cover=nodes.weighted_n_node_samples,
    )
