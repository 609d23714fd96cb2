"""Tree ensembles of ``ai.onnx.ml``: classifier, regressor, and the operator that replaces both in opset 5."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pretzel.importers.onnx.forest import Laid, lay_out
from pretzel.importers.onnx.labels import class_labels, label
from pretzel.importers.onnx.pairs import cast
from pretzel.importers.onnx.products import features
from pretzel.importers.onnx.reductions import reduce
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.transforms import (
    TRANSFORMS,
    pair,
    transform_of,
    transformed,
    transformed_targets,
    two_scores,
)
from pretzel.importers.onnx.tree_attributes import Weights, read_ensemble, read_lists
from pretzel.importers.onnx.values import Rows, constant, vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")
EVERY_TARGET = "give each leaf a weight for every one, 0 where it adds nothing"
MOST_LEAVES = 1 << 25
"""Limit on the numbers in the leaves of an ensemble: leaves times targets."""


@converts("ai.onnx.ml", "TreeEnsembleRegressor")
def tree_regressor(site: Site) -> Rows:
    """Return the aggregate of the leaves plus the base, transformed."""
    x, targets, transform = features(site), site.integer("n_targets", 1), transform_of(site)
    trees, weights = read_lists(site, x, "target")
    scores = _aggregated(lay_out(x, trees), weights, targets, site.text("aggregate_function", "SUM"), x.dtype)
    base = site.floats("base_values")
    if base is not None:
        if len(base) not in (1, targets):
            raise ValueError(f"{len(base)} base values for {targets} targets")
        if not always_added_to(weights, targets).all():  # ONNX adds its base value to the target, ONNX Runtime does not
            raise site.refuse("some rows add nothing to a target with a base value", EVERY_TARGET)
        scores = ops.Affine(scores, vector(1, targets, x.dtype), vector(base, targets, x.dtype))
    return Rows(transformed_targets(site, cast(scores, "f32"), transform), (targets,))


@converts("ai.onnx.ml", "TreeEnsembleClassifier")
def tree_classifier(site: Site) -> tuple[Rows, Rows]:
    """Return the label of the largest sum of weights, and the transformed sums."""
    x, transform = features(site), transform_of(site)
    labels = class_labels(site, "classlabels_int64s")
    trees, weights = read_lists(site, x, "class")
    base = site.floats("base_values")
    if labels is None:
        raise ValueError("it has no labels")
    laid, classes = lay_out(x, trees), len(labels)
    if classes < 2:
        raise site.refuse("it has one label", "give it two")
    if classes == 2 and len(np.unique(weights.target)) == 1:
        return _binary(site, laid, weights, labels, transform, x.dtype)
    if base is not None and len(base) != classes:
        raise site.refuse(f"it has {len(base)} base values for {classes} classes", "give one for each class")
    if classes == 2:
        raise site.refuse(
            "it has weights for both of two classes, which ONNX Runtime labels by the second alone",
            "give weights to one class",
        )
    scores = Rows(cast(_sums(laid, weights, classes, _base(base, classes, x.dtype)), "f32"), (classes,))
    best = _best(site, scores, weights, classes, has_base=base is not None)
    return label(best, labels), Rows(transformed(scores.node, transform), (classes,))


def _best(site: Site, scores: Rows, weights: Weights, classes: int, *, has_base: bool) -> Node:
    """Return the class of the largest score, of those that a leaf of the row, or a base value, adds to.

    ONNX does not define the label of a class without a score; ONNX Runtime leaves it out.
    """
    always = np.full(classes, True) if has_base else always_added_to(weights, classes)
    some = np.isin(np.arange(classes), weights.target)
    if (some & ~always).any() and weights.value.min() <= 0:
        raise site.refuse("some rows add nothing to a class, and its weights are not all positive", EVERY_TARGET)
    if not has_base and not some.all():
        named = np.flatnonzero(some)
        best = ops.ArgMax(Rows(scores.pick(named), (len(named),)).matrix, "first")
        return ops.Take(best, Parameter.of(named.astype(np.int64)), 0.0)
    return ops.ArgMax(scores.node, "first")


def _binary(
    site: Site, laid: Laid, weights: Weights, labels: Parameter, transform: str, dtype: str
) -> tuple[Rows, Rows]:
    """Return the label and scores of two classes from one sum: a probability if no weight is negative, else a score.

    Cases that ONNX does not define follow ONNX Runtime.
    """
    base, second = site.floats("base_values"), bool(weights.target.max())
    if transform == "PROBIT" or (base is not None and (second or len(base) != 1)):
        raise site.refuse("ONNX does not define the two scores of its single sum", "give each class separate weights")
    one = replace(weights, target=np.zeros_like(weights.target))
    scores = Rows(cast(_sums(laid, one, 1, _base(base, 1, dtype)), "f32"), (1,))
    score, positive = scores.single, bool((weights.value >= 0).all())
    chosen = label(ops.Threshold(score, 0.5 if positive else 0.0), labels)
    if second:  # the first class has the score 0
        both = pair(constant(np.array(0, np.float32), scores), score)
        return chosen, Rows(transformed(both, transform), (2,))
    return chosen, Rows(two_scores(score, transform, of_probability=positive), (2,))


def _base(base: np.ndarray | None, width: int, dtype: str) -> np.ndarray:
    return vector(0 if base is None else base, width, dtype).array


@converts("ai.onnx.ml", "TreeEnsemble")
def tree_ensemble(site: Site) -> Rows:
    """Return the aggregate of the leaves, transformed."""
    x, targets = features(site), site.integer("n_targets", 1)
    trees, weights = read_ensemble(site, x)
    transform = _named(site, "post_transform", 0, TRANSFORMS)
    aggregate = _named(site, "aggregate_function", 1, AGGREGATES)
    scores = _aggregated(lay_out(x, trees), weights, targets, aggregate, x.dtype)
    return Rows(transformed_targets(site, scores, transform), (targets,))


def _named(site: Site, name: str, default: int, names: tuple[str, ...]) -> str:
    number = site.integer(name, default)
    if not 0 <= number < len(names):
        raise ValueError(f"{name} is {number}; expected 0 to {len(names) - 1}")
    return names[number]


# Sums of leaves


def always_added_to(weights: Weights, targets: int) -> np.ndarray:
    """Return whether each target is one that all leaves of some tree add to, so that every row has a sum for it."""
    leaf, target = np.unique(np.stack([weights.leaf, weights.target]), axis=1)
    added, counts = np.unique(weights.tree[leaf] * targets + target, return_counts=True)
    trees, leaves = np.unique(weights.tree, return_counts=True)
    is_whole = counts == leaves[np.searchsorted(trees, added // targets)]
    always = np.zeros(targets, bool)
    always[added[is_whole] % targets] = True
    return always


def _aggregated(laid: Laid, weights: Weights, targets: int, aggregate: str, dtype: str) -> Node:
    if not 0 < targets <= MOST_LEAVES:
        raise ValueError(f"{targets} targets")
    _check_targets(weights, targets)
    if aggregate in ("MIN", "MAX"):
        return _extreme(laid, weights, targets, aggregate, dtype)
    if aggregate not in ("SUM", "AVERAGE"):
        raise ValueError(f"aggregate function {aggregate[:40]!r} is not supported")
    total = _sums(laid, weights, targets, _base(None, targets, dtype))
    if aggregate == "SUM":
        return total
    return ops.Standardize(total, None, vector(laid.count, targets, dtype))


def _sums(laid: Laid, weights: Weights, targets: int, base: np.ndarray) -> Node:
    """Return the sum of each target; leaves are single numbers if each tree adds to one target."""
    _check_targets(weights, targets)
    group = _groups(weights, laid.count)
    if group is not None:
        leaves = np.zeros(max(1, weights.leaves), base.dtype)
        leaves[weights.leaf] = weights.value
        return laid.ensemble(leaves, base, group)
    if weights.leaves * targets > MOST_LEAVES:
        raise ValueError(f"{weights.leaves} leaves of {targets} targets")
    table = np.zeros((max(1, weights.leaves), targets), base.dtype)
    np.add.at(table, (weights.leaf, weights.target), weights.value)
    return laid.ensemble(table, base)


def _check_targets(weights: Weights, targets: int) -> None:
    if len(weights.target) and not 0 <= weights.target.min() <= weights.target.max() < targets:
        raise ValueError(f"a leaf adds to target {weights.target.max()} of {targets}")


def _groups(weights: Weights, trees: int) -> np.ndarray | None:
    """Return the target of each tree; None if a leaf or a tree adds to several targets."""
    if len(np.unique(weights.leaf)) < len(weights.leaf):
        return None
    tree = weights.tree[weights.leaf]
    if (tree < 0).any():
        return None
    group = np.zeros(trees, np.int32)
    group[tree] = weights.target
    return group if (group[tree] == weights.target).all() else None


def _extreme(laid: Laid, weights: Weights, targets: int, aggregate: str, dtype: str) -> Node:
    """Return the smallest or largest leaf over the trees, with one column per tree."""
    group = _groups(weights, laid.count)
    if targets != 1 or group is None:
        raise ValueError(f"aggregate function {aggregate} of several targets")
    kind = np.float32 if dtype == "f32" else np.float64
    leaves = np.zeros(max(1, weights.leaves), kind)
    leaves[weights.leaf] = weights.value
    count = laid.count
    columns = Rows(laid.ensemble(leaves, np.zeros(count, kind), np.arange(count)), (count,))
    return reduce(columns, columns.places()[None], "minimum" if aggregate == "MIN" else "maximum")
