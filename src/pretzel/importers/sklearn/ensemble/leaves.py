"""Forests that answer by the leaves that a row reaches: their depths, or their indices."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from sklearn import ensemble
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.ensemble._iforest import _average_path_length
from sklearn.utils import check_array

from pretzel.importers.answers import answers
from pretzel.importers.columns import Columns
from pretzel.importers.forest import Trees, joined
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.common.explained import apply, offer_leaves
from pretzel.importers.sklearn.common.matrices import vector
from pretzel.importers.sklearn.common.members import divided
from pretzel.importers.sklearn.tree import float32, sklearn_tree, takes_nan
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

answers("leaf_index", ensemble.RandomTreesEmbedding)(apply)
reads_entries(ensemble.IsolationForest, ensemble.RandomTreesEmbedding, alike=False)
reads_thresholds(ensemble.IsolationForest, ensemble.RandomTreesEmbedding, single=True)


@imports(ensemble.IsolationForest)
def isolation_forest(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return ``-2 ** (-depths / expected)``; the label is -1 below the offset, else 1."""
    per_tree = _average_path_length([estimator._max_samples])[0]
    if step.is_given_entries(x):  # the library compares a stored NaN with thresholds
        step.inputs.metadata["stored_nan"] = step.path
    offer_leaves(
        _read(estimator, x), _over_all_columns(estimator, [_with_counts(one) for one in estimator.estimators_]), step
    )
    expected = float(len(estimator.estimators_) * per_tree)
    if expected == 0:
        raise step.refuse("max_samples", "each tree saw one row", "use more rows per tree")
    depths = _depths(estimator, x)
    powers = ops.Elementwise(ops.Affine(divided(depths, -expected), vector(np.log(2.0), 1)), "exp")
    scores = ops.Elementwise(powers, "negative")
    inlier = ops.Threshold(depths, _least_depth(expected, estimator.offset_), inclusive=True)
    return {
        "predict": ops.Take(inlier, Parameter.of(np.array([-1, 1], np.int64)), -1.0),
        "decision_function": ops.Affine(scores, vector(1.0, 1), vector(-estimator.offset_, 1)),
        "score_samples": scores,
    }


@imports(ensemble.RandomTreesEmbedding)
def random_trees_embedding(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return a one for the leaf reached in each tree, among the leaves reached by training rows."""
    rows = float32(estimator, x, takes_nan(estimator.estimators_[0], x))
    offer_leaves(rows, [_with_counts(one) for one in estimator.estimators_], step)
    encoder = estimator.one_hot_encoder_
    parts = [_reached(rows, one, seen) for one, seen in zip(estimator.estimators_, encoder.categories_, strict=True)]
    embedded: Node = ops.Concat(tuple(parts))
    return {"transform": embedded if encoder.sparse_output else ops.Densify(embedded)}


@answers("leaf_index", ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor)
def histogram_leaves(estimator: Any, X: Any) -> Any:
    """Return the leaves by scikit-learn's trees, with the index of each node in place of its value."""
    rows = estimator._preprocess_X(X, reset=False)
    sets, places = estimator._bin_mapper.make_known_categories_bitsets()
    rounds = [[_asked(tree).predict(rows, sets, places, 1) for tree in trees] for trees in estimator._predictors]
    leaves = np.moveaxis(np.array(rounds).astype(np.int64), -1, 0)
    return leaves[:, :, 0] if leaves.shape[2] == 1 else leaves


def _asked(predictor: Any) -> TreePredictor:
    nodes = predictor.nodes.copy()
    nodes["value"] = np.arange(len(nodes))
    return TreePredictor(nodes, predictor.binned_left_cat_bitsets, predictor.raw_left_cat_bitsets)


def _depths(estimator: Any, x: Columns) -> Node:
    """Return the sum of the depths of the leaves reached, each plus the expected depth of further splits."""
    lengths = zip(estimator._decision_path_lengths, estimator._average_path_length_per_tree, strict=True)
    trees = [
        sklearn_tree(fitted, deep + more - 1.0)
        for fitted, (deep, more) in zip(estimator.estimators_, lengths, strict=True)
    ]
    return joined(_read(estimator, x), _over_all_columns(estimator, trees))


def _read(estimator: Any, x: Columns) -> Node:
    """Return x as the trees read it; NaN in sparse rows is rejected, because the library's search ignores its side."""
    rows = x.numbers("f32")
    if rows.type.layout != "sparse":
        return rows
    return ops.RequireFinite(ops.Densify(rows), type(estimator).__name__)


def _over_all_columns(estimator: Any, trees: list[Trees]) -> list[Trees]:
    """Return trees that index columns of X; each fitted tree indexes the subset of columns that it was fitted on."""
    columns = zip(trees, estimator.estimators_features_, strict=True)
    return [dataclasses.replace(t, feature=c[np.maximum(t.feature, 0)]) for t, c in columns]


def _with_counts(fitted: Any) -> Trees:
    return sklearn_tree(fitted, fitted.tree_.n_node_samples)


@answers("leaf_index", ensemble.IsolationForest)
def isolated_leaves(estimator: Any, X: Any) -> Any:
    """Return the leaves of each tree, over the columns that it was fitted on."""
    rows = check_array(X, accept_sparse="csr", dtype=np.float32, ensure_all_finite=False)
    trees = zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    return np.column_stack([fitted.apply(rows[:, columns], check_input=False) for fitted, columns in trees])


def _least_depth(expected: float, offset: float) -> float:
    """Return the least depth whose score is not below the offset, by the library's arithmetic.

    A row whose score equals the offset, as that of a training row may, then gets the library's label.
    """
    low, high = -1.0, 1e6 * expected
    while np.nextafter(low, high) < high:
        middle = low + (high - low) / 2
        below = -(2 ** -np.divide(np.array([middle]), np.array([expected]))) - offset < 0
        low, high = (middle, high) if below[0] else (low, middle)
    return high


def _reached(x: Node, fitted: Any, seen: np.ndarray) -> Node:
    places = np.zeros(fitted.tree_.node_count)
    places[np.asarray(seen, np.int64)] = np.arange(len(seen))
    return ops.OneHot(ops.Cast(joined(x, [sklearn_tree(fitted, places)]), "i64"), len(seen))
