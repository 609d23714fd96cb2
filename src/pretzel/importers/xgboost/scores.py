"""Margins of XGBoost: the sum of its trees, or its linear model, for each row, in float32."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.forest import Trees, joined, leaf_index, reachable
from pretzel.importers.given_tables import given_to_library, read_as_codes
from pretzel.importers.inputs import Open
from pretzel.importers.registry import Methods, Step
from pretzel.importers.storage import drops_zeros
from pretzel.importers.xgboost.linear import linear, linear_terms
from pretzel.importers.xgboost.model import Model, Tree
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

LOGIT = ("binary:logistic", "reg:logistic")
Places = tuple[np.ndarray, np.ndarray]
"""The column of each feature: where it is compared as a number, and where as a category."""
LOG = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox")


def margins(model: Model, x: Columns, step: Step, *, missing: float = math.nan, in_place: bool = False) -> Node:
    """Return the base score plus the trees, added in order: one value per row or one column per output.

    ``in_place``: as ``inplace_predict``, in which the trees of DART start from the base score, not as ``predict``.
    Source: ``CPUPredictor``, ``Dart::InplacePredict``.
    """
    _record_entries(model, x, missing, step)
    base = as_margins(model)
    if model.coefficients is not None:
        step.reads_entries(x, alike=False)  # the library adds the products of all entries, in float32
        return linear(model.coefficients, base, _numbers(x, missing), step)
    forest = forest_of(model, x, step, missing, _leaves(model, base, in_place))
    if not model.trees:
        return ops.Constant(forest.x, Parameter.of(base[None] if len(base) > 1 else base))
    vectors = model.trees[0].leaves.ndim == 2
    group = np.array(model.group) if len(base) > 1 and not vectors else None
    return joined(forest.x, forest.trees, base=base, group=group, strict=True)


def terms(model: Model, x: Columns, step: Step, missing: float) -> Methods:
    """Return the contribution of each feature to the scores of a linear model."""
    assert model.coefficients is not None
    return linear_terms(model.coefficients, as_margins(model), _numbers(x, missing), step)


@dataclass(frozen=True)
class Forest:
    """The trees of a model and the matrix that they read."""

    x: Node
    features: np.ndarray
    """The feature of each column of x."""
    trees: list[Trees]


def forest_of(
    model: Model, x: Columns, step: Step, missing: float, leaves: Sequence[np.ndarray] | None = None
) -> Forest:
    """Return the trees of a model and their input matrix, with ``leaves`` at the nodes.

    By default, the leaf values are those of the model without the weights of DART.
    """
    matrix, features, places = _matrix(model, x, missing, step)
    values = [tree.leaves for tree in model.trees] if leaves is None else leaves
    return Forest(
        matrix, features, [_laid_out(tree, one, places) for tree, one in zip(model.trees, values, strict=True)]
    )


def leaves(model: Model, x: Columns, step: Step, *, missing: float = math.nan) -> Node:
    """Return the node number at which each row ends in each tree; infinity is rejected.

    Source: ``CPUPredictor::PredictLeaf``, over a ``DMatrix``, which checks values that ``inplace_predict`` does not.
    """
    forest = forest_of(model, x, step, missing, [np.arange(len(tree.left)) for tree in model.trees])
    return leaf_index(checked(forest.x, missing, step), forest.trees, strict=True)


def checked(x: Node, missing: float, step: Step) -> Node:
    """Reject infinity as a ``DMatrix`` does, unless infinity is the missing value."""
    if math.isinf(missing):
        return x
    return ops.RequireFinite(x, type(step.estimator).__name__, allow_nan=True)


def _record_entries(model: Model, x: Columns, missing: float, step: Step) -> None:
    """Record how clients must read a sparse matrix.

    A model served alone receives NaN for entries that are not stored, and the last of several values in one place.
    """
    if not model.categories:
        given_to_library(x, step.inputs)
    if any(isinstance(part, Node) and drops_zeros(part) for part in x.parts):
        reason = "a stored zero is not missing, and it is unknown which zeros the step before it stores"
        raise step.refuse("", reason, "let that step return dense rows")
    if not step.inputs.absent_is_missing:
        step.tells_zeros_apart(x)
        if not x.converted and any(isinstance(part, Open) for part in x.parts):
            step.inputs.sparse_columns = "refused"  # a table that no step before converts: XGBoost reads its zeros
    elif not math.isnan(missing):  # the last value that is not missing counts
        step.reads_entries(x, alike=False)


def as_margins(model: Model) -> np.ndarray:
    """Return the base score as a margin (``ProbToMargin``), computed in float32 as XGBoost does."""
    base = model.base_score
    if model.objective in LOGIT:
        with np.errstate(divide="ignore"):
            odds = np.float32(1) / base - np.float32(1)
        return -_log(odds)
    return _log(base) if model.objective in LOG else np.array(base)


@np.errstate(all="ignore")
def _log(x: np.ndarray) -> np.ndarray:
    """Return the logarithm as the C library computes it in float32: rounded once."""
    return np.log(x.astype(np.float64)).astype(np.float32)


def _leaves(model: Model, base: np.ndarray, in_place: bool) -> list[np.ndarray]:
    """Return the leaf values of each tree, with the weights of DART and their rounding."""
    if model.weights is None:
        return [tree.leaves for tree in model.trees]
    start = base if in_place else np.zeros(len(base), np.float32)
    weighted = zip(model.trees, model.group, model.weights, strict=False)
    return [((start[group] + tree.leaves) - start[group]) * weight for tree, group, weight in weighted]


def _matrix(model: Model, x: Columns, missing: float, step: Step) -> tuple[Node, np.ndarray, Places]:
    """Return the matrix that the trees read, in float32, the feature of each column, and the columns of each feature.

    Sparse rows are made dense only in the features that some tree reads.
    """
    everywhere = np.arange(model.features)
    if model.categories:
        return _with_codes(model, x, missing, step), everywhere, (everywhere, everywhere)
    if not x.is_sparse:
        return _with_category_columns(model, _numbers(x, missing), everywhere, everywhere)
    inner = [tree.feature[tree.left >= 0] for tree in model.trees]
    used = np.unique(np.concatenate([[0], *inner])).astype(np.int64)
    everywhere[used] = np.arange(len(used))
    return _with_category_columns(model, _numbers(x, missing, used), used, everywhere)


def _numbers(x: Columns, missing: float, used: np.ndarray | None = None) -> Node:
    """Return x in float32 with NaN for missing values: those equal to ``missing``, or not stored in a sparse row.

    A stored zero is a zero; of several values stored in one place, the last that is not missing counts.
    """
    numbers = x.numbers("f32")
    if numbers.type.layout == "sparse":
        return _written_out(numbers if used is None else ops.Select(numbers, Parameter.of(used)), missing)
    return numbers if math.isnan(missing) else _without(numbers, float(np.float32(missing)))


def _written_out(x: Node, missing: float) -> Node:
    """Return sparse rows as dense ones, skipping missing entries as XGBoost does."""
    absent = float(np.float32(missing))
    dense = ops.Densify(x, absent, "last")
    return dense if math.isnan(absent) else _without(dense, absent)


def _without(x: Node, value: float) -> Node:
    return ops.Impute(x, Parameter.of(np.full(x.type.columns, np.nan, np.float32)), missing=value)


def _with_codes(model: Model, x: Columns, missing: float, step: Step) -> Node:
    """Return x with codes in place of categories; unknown categories are rejected, as XGBoost rejects them."""
    _check_sentinel(model, float(np.float32(missing)), step)
    parts = [
        _codes(column, model.categories[i], _name(model, i), step)
        if i in model.categories
        else _numbers(column, missing)
        for i, column in enumerate(x.each())
    ]
    return ops.Concat(tuple(parts))


def _check_sentinel(model: Model, missing: float, step: Step) -> None:
    """Refuse a missing value that equals the code of a category, because each request orders its codes itself."""
    for i, categories in model.categories.items():
        if 0 <= missing < len(categories) and missing.is_integer():
            reason = f"it also reads the category of code {int(missing)} of column {_name(model, i)!r} as missing"
            remedy = "train with missing=numpy.nan or a number below zero"
            raise step.refuse("missing", f"{reason}, and each request may order its categories differently", remedy)


def _name(model: Model, feature: int) -> str:
    return model.feature_names[feature] if model.feature_names else str(feature)


def _codes(column: Columns, categories: Sequence[Any], name: str, step: Step) -> Node:
    if not isinstance(categories[0], str):
        read_as_codes(column, categories, step.inputs)
    count, value = len(categories), column.number() if isinstance(categories[0], int) else column.text()
    if isinstance(categories[0], str):
        if not all(text.isascii() for text in categories):
            reason = f"the categories of column {name!r} are not all ASCII, and XGBoost records others cut short"
            raise step.refuse("enable_categorical", reason, "use ASCII names for them")
        keys = Parameter.strings(list(categories))
    else:
        value = value if value.type.dtype == "f64" else ops.Cast(value, "f64")
        keys = Parameter.of(np.array(categories, np.float64))
    codes = ops.Lookup(value, keys, nan_code=count, none_code=count, refuse_unknown=True, column=name)
    return ops.Take(codes, Parameter.of(np.arange(count, dtype=np.float32)))


def _with_category_columns(
    model: Model, x: Node, features: np.ndarray, places: np.ndarray
) -> tuple[Node, np.ndarray, Places]:
    """Append a copy of each categorical feature to x, with values below 0 moved down by one.

    Categories are truncated to integers, so -0.5 would become the first category; XGBoost reads it as unknown.
    """
    categorical = sorted({int(tree.feature[node]) for tree in model.trees for node in tree.categories})
    if not categorical:
        return x, features, (places, places)
    chosen = ops.Select(x, Parameter.of(places[categorical]))
    below = ops.Cast(ops.Threshold(ops.Elementwise(chosen, "negative")), "f32")
    down = ops.Affine(below, Parameter.of(np.full(len(categorical), -1, np.float32)))
    shifted = places.copy()
    shifted[categorical] = x.type.columns + np.arange(len(categorical))
    return ops.Concat((x, ops.Sum((chosen, down)))), np.append(features, categorical), (places, shifted)


def _laid_out(tree: Tree, leaves: np.ndarray, places: Places) -> Trees:
    """Return a tree for the operator, in which a category in the set goes left; in XGBoost it goes right."""
    nodes, inner = len(tree.left), tree.left >= 0
    swapped = np.zeros(nodes, bool)
    swapped[list(tree.categories)] = True
    feature = np.where(inner, tree.feature, 0)
    words, ranges = _bit_sets(tree)
    whole = Trees(
        feature=np.where(swapped, places[1][feature], places[0][feature]),
        threshold=np.where(inner & ~swapped, tree.threshold, np.float32(0)),
        left=np.where(swapped, tree.right, tree.left),
        right=np.where(swapped, tree.left, tree.right),
        missing_left=tree.default_left ^ swapped,
        leaves=leaves,
        categories=words,
        category_range=ranges,
        cover=tree.cover,
    )
    return whole.take(reachable(whole.left, whole.right))


def _bit_sets(tree: Tree) -> tuple[np.ndarray, np.ndarray]:
    """Return the category sets as bits, and the first word and word count of each node's set."""
    ranges, sets, first = np.zeros((len(tree.left), 2), np.int64), [np.zeros(0, np.uint32)], 0
    for node, categories in tree.categories.items():
        words = np.zeros(int(categories.max(initial=0)) // 32 + 1, np.uint32)
        np.bitwise_or.at(words, categories // 32, np.uint32(1) << (categories % 32).astype(np.uint32))
        ranges[node], first = (first, len(words)), first + len(words)
        sets.append(words)
    return np.concatenate(sets), ranges
