"""Raw scores of LightGBM: the sum of its trees for each row, over the columns that they read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.forest import Trees, joined, leaf_index, reachable
from pretzel.importers.given_tables import given_to_library, read_as_codes
from pretzel.importers.lightgbm.categories import columns_of_categories
from pretzel.importers.lightgbm.model import Model, Tree
from pretzel.importers.registry import Step
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

ZERO = float(np.float32(1e-35))
"""LightGBM reads values of this magnitude or less as 0, in every feature."""
CATEGORICAL, DEFAULT_LEFT, ZERO_IS_MISSING, NAN_IS_MISSING = 1, 2, 4, 8  # bits of a decision
WHOLE_FLOATS = 2**53  # beyond it float64 does not hold every integer


def _own_values(tree: Tree) -> np.ndarray:
    return tree.leaf_value


def raw_scores(model: Model, x: Columns, step: Step) -> Node:
    """Return the sum of the trees, one value per row or one column per class, in float64 and in tree order.

    Source: ``GBDT::PredictRaw``, ``Tree::NumericalDecision``, ``Tree::CategoricalDecision``.
    """
    forest = forest_of(model, x, step)
    classes = model.trees_per_iteration
    if not forest.trees:
        return ops.Constant(forest.x, Parameter.of(np.zeros((1, classes) if classes > 1 else 1)))
    return joined(forest.x, forest.trees, base=np.zeros(classes), group=forest.group)


@dataclass(frozen=True)
class Forest:
    """The trees of a model and the matrix that they read."""

    x: Node
    features: np.ndarray
    """The feature of each column of x."""
    trees: list[Trees]
    group: np.ndarray | None
    """The class that each tree adds to; None if there is one."""


def forest_of(model: Model, x: Columns, step: Step, leaf_values: Callable[[Tree], np.ndarray] = _own_values) -> Forest:
    """Return the trees of a model and their input matrix, with ``leaf_values`` at the leaves."""
    if model.linear:
        raise step.refuse("linear_tree", "its leaves are linear models", "train it with linear_tree=False")
    if step.inputs.trial:
        model = replace(model, trees=model.trees[: model.trees_per_iteration])
    matrix, used, features = _matrix(model, x, step)
    zeros = np.unique(np.concatenate([[], *(tree.split_feature[_zero_is_missing(tree)] for tree in model.trees)]))
    zeros = zeros.astype(np.int64)
    width = matrix.type.columns
    trees = [_laid_out(tree, leaf_values(tree), features, zeros, width) for tree in model.trees]
    classes = model.trees_per_iteration
    group = np.tile(np.arange(classes), len(trees) // classes) if classes > 1 else None
    whole = _with_zeros_missing(matrix, features[zeros]) if len(zeros) else matrix
    return Forest(whole, np.concatenate([used, zeros]), trees, group)


def leaves(model: Model, x: Columns, step: Step) -> Node:
    """Return the number of the leaf that each row reaches in each tree.

    Source: ``GBDT::PredictLeafIndex``, ``Tree::PredictLeafIndex``.
    """
    forest = forest_of(model, x, step, leaf_values=lambda tree: np.arange(len(tree.leaf_value)))
    return leaf_index(forest.x, forest.trees)


def _matrix(model: Model, x: Columns, step: Step) -> tuple[Node, np.ndarray, np.ndarray]:
    """Return the matrix that the trees read, in float64, the feature of each column, and the column of each feature.

    Sparse rows are made dense only in the features that some tree reads.
    """
    places = np.arange(len(model.feature_names))
    if model.pandas_categories:
        return _with_codes(model, x, step), places, places
    given_to_library(x, step.inputs)
    matrix = _numbers(x, step)
    if step.is_given_entries(x):
        step.inputs.ascending["csc"] = "sorted"  # LightGBM reads a column downwards, and finds no row above the last
    if matrix.type.layout != "sparse":
        if step.inputs.repeats != "last":
            step.reads_entries(x, alike=False)
        return matrix, places, places
    used = np.unique(np.concatenate([[0], *(tree.split_feature for tree in model.trees)])).astype(np.int64)
    places[used] = np.arange(len(used))
    return ops.Densify(ops.Select(matrix, Parameter.of(used)), repeats="last stored"), used, places


def _numbers(x: Columns, step: Step) -> Node:
    """Return x in float64; integers of an array pass through float32 first, those of a table do not.

    Source: ``_np2d_to_np1d``, ``_data_from_pandas``.
    """
    step.inputs.tells_integers |= step.inputs.integers is None  # otherwise it reads X directly and clients round arrays
    numbers = x.array()
    if not x.frame and not numbers.type.is_float and numbers.type.layout == "dense":
        numbers = ops.Cast(numbers, "f32")
        step.inputs.rounded.append(numbers)
    return numbers if numbers.type.dtype == "f64" else ops.Cast(numbers, "f64")


def _with_codes(model: Model, x: Columns, step: Step) -> Node:
    """Return x with codes in place of categories, as LightGBM converts a DataFrame."""
    lists, columns = model.pandas_categories, x.categorical() or columns_of_categories(model) or []
    if len(columns) != len(lists):
        reason = (
            f"it was trained on a DataFrame with {len(lists)} categorical columns, and the model does not record which"
        )
        raise step.refuse(
            "",
            reason,
            "pass a sample DataFrame like those it predicts (compile takes sample=, too); for a file, add "
            "--types COLUMN=category",
        )
    codes = dict(zip(columns, lists, strict=True))
    parts = [
        _codes(column, codes[i], step) if i in codes else column.numbers("f64") for i, column in enumerate(x.each())
    ]
    return ops.Concat(tuple(parts))


def _codes(column: Columns, categories: Sequence[Any], step: Step) -> Node:
    """Return the position of each value among the categories; NaN for other values."""
    if all(isinstance(value, str) for value in categories):
        codes: Node = ops.Lookup(column.text(), Parameter.strings(list(categories)))
    elif all(
        isinstance(value, float) or (isinstance(value, int) and abs(value) <= WHOLE_FLOATS) for value in categories
    ):
        read_as_codes(column, categories, step.inputs)
        number = column.number()
        number = number if number.type.dtype == "f64" else ops.Cast(number, "f64")
        codes = ops.Lookup(number, Parameter.of(np.array(categories, np.float64)))
    else:
        kinds = sorted({type(value).__name__ for value in categories})
        if kinds == ["int"]:
            raise step.refuse("", "a column has integer categories beyond 2^53", "encode such large integers as texts")
        reason = f"a column has categories of type {', '.join(kinds)}"
        raise step.refuse("", reason, "train it on categories that are all text or all numbers")
    return ops.Take(codes, Parameter.of(np.arange(len(categories), dtype=np.float64)))


def _with_zeros_missing(x: Node, columns: np.ndarray) -> Node:
    """Append copies of some columns to x, with NaN in place of zeros (``zero_as_missing``)."""
    width = x.type.columns
    chosen = ops.Select(x, Parameter.of(columns))
    present = ops.Cast(ops.Threshold(ops.Elementwise(chosen, "abs"), ZERO), "f64")
    factor = ops.Impute(present, Parameter.of(np.full(len(columns), np.nan)), missing=0.0)
    again = np.column_stack([columns, width + np.arange(len(columns))])
    factors = np.concatenate([np.column_stack([np.arange(width), np.full(width, -1)]), again])
    return ops.Products(ops.Concat((x, factor)), Parameter.of(factors.astype(np.int64)))


def _zero_is_missing(tree: Tree) -> np.ndarray:
    matches: np.ndarray = tree.decision_type & (ZERO_IS_MISSING | NAN_IS_MISSING | CATEGORICAL) == ZERO_IS_MISSING
    return matches


def _laid_out(tree: Tree, values: np.ndarray, features: np.ndarray, zeros: np.ndarray, width: int) -> Trees:
    """Return a tree with its leaves after its inner nodes, and ``values`` at the leaves."""
    inner, leaves = len(tree.split_feature), len(values)
    categorical = (tree.decision_type & CATEGORICAL).astype(bool)
    missing = tree.decision_type & (ZERO_IS_MISSING | NAN_IS_MISSING)
    has_missing = (missing == ZERO_IS_MISSING) | (missing == NAN_IS_MISSING)
    # Nodes without missing values read NaN as zero.
    missing_left = np.where(has_missing, tree.decision_type & DEFAULT_LEFT > 0, tree.threshold >= 0) & ~categorical
    feature = features[tree.split_feature]
    if len(zeros):
        feature = np.where(_zero_is_missing(tree), width + np.searchsorted(zeros, tree.split_feature), feature)
    children = [np.where(child >= 0, child, inner + ~child) for child in (tree.left_child, tree.right_child)]
    whole = Trees(
        feature=np.append(feature, np.zeros(leaves, np.int64)),
        threshold=np.append(np.where(categorical, 0.0, _flushed(tree.threshold)), np.zeros(leaves)),
        left=np.append(children[0], np.full(leaves, -1)),
        right=np.append(children[1], np.zeros(leaves, np.int64)),
        missing_left=np.append(missing_left, np.zeros(leaves, bool)),
        leaves=np.append(np.zeros(inner, values.dtype), values),
        categories=tree.cat_threshold,
        category_range=np.concatenate([_ranges(tree, categorical), np.zeros((leaves, 2), np.int64)]),
        cover=_cover(tree),
    )
    return whole.take(reachable(whole.left, whole.right))


def _cover(tree: Tree) -> np.ndarray | None:
    """Return the training rows of each inner node, then of each leaf; None if they are not recorded."""
    counts = np.append(tree.internal_count, tree.leaf_count)
    if len(tree.leaf_value) == 1:
        return np.ones(1)
    return counts if len(counts) == 2 * len(tree.leaf_value) - 1 and len(tree.internal_count) else None


def _flushed(threshold: np.ndarray) -> np.ndarray:
    """Move thresholds near zero so that they split tiny values as LightGBM does, which rounds these to zero."""
    low = np.where((threshold < 0) & (threshold >= -ZERO), np.nextafter(-ZERO, -1.0), threshold)
    moved: np.ndarray = np.where((threshold >= 0) & (threshold <= ZERO), ZERO, low)
    return moved


def _ranges(tree: Tree, categorical: np.ndarray) -> np.ndarray:
    """Return the first word and the word count of each node's bit set; 0 words for numeric splits."""
    ranges = np.zeros((len(tree.threshold), 2), np.int64)
    chosen = tree.threshold[categorical].astype(np.int64)
    bounds = tree.cat_boundaries
    ranges[categorical] = np.column_stack([bounds[chosen], bounds[chosen + 1] - bounds[chosen]])
    return ranges
