"""Tree ensembles: the classifier, the regressor, and from opset 5 of ``ai.onnx.ml`` the one operator for both."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pretzel.importers.onnx.forest import MEMBER, MODES, Laid, Trees, lay_out
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
from pretzel.importers.onnx.values import Rows, constant, vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")
MOST_LEAVES = 1 << 26
"""Numbers in the leaves of an ensemble: leaves times targets."""


@dataclass(frozen=True)
class Weights:
    """What leaves add: weight i goes from leaf ``leaf[i]`` to target ``target[i]``."""

    leaf: np.ndarray
    target: np.ndarray
    value: np.ndarray
    leaves: int
    tree: np.ndarray
    """The tree of each leaf; -1 where several share it."""


@converts("ai.onnx.ml", "TreeEnsembleRegressor")
def tree_regressor(site: Site) -> Rows:
    """The aggregate of the leaves, the base, and the transform."""
    x, targets, transform = features(site), site.integer("n_targets", 1), transform_of(site)
    trees, weights = _read(site, x, "target")
    scores = _aggregated(lay_out(x, trees), weights, targets, site.text("aggregate_function", "SUM"), x.dtype)
    base = site.floats("base_values")
    if base is not None:
        if len(base) not in (1, targets):
            raise ValueError(f"{len(base)} base values for {targets} targets")
        scores = ops.Affine(scores, vector(1, targets, x.dtype), vector(base, targets, x.dtype))
    return Rows(transformed_targets(site, cast(scores, "f32"), transform), (targets,))


@converts("ai.onnx.ml", "TreeEnsembleClassifier")
def tree_classifier(site: Site) -> tuple[Rows, Rows]:
    """The label of the largest sum of weights, and the sums, transformed."""
    x, transform = features(site), transform_of(site)
    labels = class_labels(site, "classlabels_int64s")
    trees, weights = _read(site, x, "class")
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
    scores = cast(_sums(laid, weights, classes, _base(base, classes, x.dtype)), "f32")
    return label(ops.ArgMax(scores), labels), Rows(transformed(scores, transform), (classes,))


def _binary(
    site: Site, laid: Laid, weights: Weights, labels: Parameter, transform: str, dtype: str
) -> tuple[Rows, Rows]:
    """One sum for two classes: a probability where no weight is negative, else a score that is positive for the second.

    What ONNX leaves open is as ONNX Runtime has it.
    """
    base, second = site.floats("base_values"), bool(weights.target.max())
    if transform == "PROBIT" or (base is not None and (second or len(base) != 1)):
        raise site.refuse("how its one sum makes two scores is left open", "give each class weights of its own")
    one = replace(weights, target=np.zeros_like(weights.target))
    scores = Rows(cast(_sums(laid, one, 1, _base(base, 1, dtype)), "f32"), (1,))
    score, positive = scores.single, bool((weights.value >= 0).all())
    chosen = label(ops.Threshold(score, 0.5 if positive else 0.0), labels)
    if second:  # the first class has a score too, of zero
        both = pair(constant(np.array(0, np.float32), scores), score)
        return chosen, Rows(transformed(both, transform), (2,))
    return chosen, Rows(two_scores(score, transform, of_probability=positive), (2,))


def _base(given: np.ndarray | None, width: int, dtype: str) -> np.ndarray:
    return vector(0 if given is None else given, width, dtype).array


@converts("ai.onnx.ml", "TreeEnsemble")
def tree_ensemble(site: Site) -> Rows:
    """The aggregate of the leaves, transformed."""
    x, targets = features(site), site.integer("n_targets", 1)
    trees, weights = _read_one(site, x)
    transform = TRANSFORMS[site.integer("post_transform", 0)]
    aggregate = AGGREGATES[site.integer("aggregate_function", 1)]
    scores = _aggregated(lay_out(x, trees), weights, targets, aggregate, x.dtype)
    return Rows(transformed_targets(site, scores, transform), (targets,))


# Sums of leaves


def _aggregated(laid: Laid, weights: Weights, targets: int, aggregate: str, dtype: str) -> Node:
    if not 0 < targets <= MOST_LEAVES:
        raise ValueError(f"{targets} targets")
    if aggregate in ("MIN", "MAX"):
        return _extreme(laid, weights, targets, aggregate, dtype)
    if aggregate not in ("SUM", "AVERAGE"):
        raise ValueError(f"aggregate function {aggregate[:40]!r} is not known")
    total = _sums(laid, weights, targets, _base(None, targets, dtype))
    if aggregate == "SUM":
        return total
    return ops.Standardize(total, None, vector(len(laid.roots), targets, dtype))


def _sums(laid: Laid, weights: Weights, targets: int, base: np.ndarray) -> Node:
    """Return the sums of each target; where all leaves of a tree go to one target, leaves are single numbers."""
    if len(weights.target) and not 0 <= weights.target.min() <= weights.target.max() < targets:
        raise ValueError(f"a leaf adds to target {weights.target.max()} of {targets}")
    group = _groups(weights, len(laid.roots))
    if group is not None:
        leaves = np.zeros(max(1, weights.leaves), base.dtype)
        leaves[weights.leaf] = weights.value
        return laid.ensemble(leaves, base, group)
    if weights.leaves * targets > MOST_LEAVES:
        raise ValueError(f"{weights.leaves} leaves of {targets} targets")
    table = np.zeros((max(1, weights.leaves), targets), base.dtype)
    np.add.at(table, (weights.leaf, weights.target), weights.value)
    return laid.ensemble(table, base)


def _groups(weights: Weights, trees: int) -> np.ndarray | None:
    """Return the target of each tree, or None where leaves have several, or a tree adds to several."""
    if len(np.unique(weights.leaf)) < len(weights.leaf):
        return None
    tree = weights.tree[weights.leaf]
    if (tree < 0).any():
        return None
    group = np.zeros(trees, np.int32)
    group[tree] = weights.target
    return group if (group[tree] == weights.target).all() else None


def _extreme(laid: Laid, weights: Weights, targets: int, aggregate: str, dtype: str) -> Node:
    """Return the smallest or largest leaf over the trees: each tree is a column of its own."""
    group = _groups(weights, len(laid.roots))
    if targets != 1 or group is None:
        raise ValueError(f"aggregate function {aggregate} of several targets")
    kind = np.float32 if dtype == "f32" else np.float64
    leaves = np.zeros(max(1, weights.leaves), kind)
    leaves[weights.leaf] = weights.value
    count = len(laid.roots)
    each = Rows(laid.ensemble(leaves, np.zeros(count, kind), np.arange(count)), (count,))
    return reduce(each, each.places()[None], "minimum" if aggregate == "MIN" else "maximum")


# Attributes


def _read(site: Site, x: Rows, kind: str) -> tuple[Trees, Weights]:
    """Read the attributes of opset 1 to 4: lists with one entry a node, and with one entry a weight."""
    site.without_effect("nodes_hitrates", "nodes_hitrates_as_tensor")
    tree, node = _whole(site, "nodes_treeids"), _whole(site, "nodes_nodeids")
    index = {key: i for i, key in enumerate(zip(tree.tolist(), node.tolist(), strict=True))}
    if len(index) < len(tree):
        raise ValueError("two of its nodes have one id")
    modes = [str(mode) for mode in site.attribute("nodes_modes", [])]
    unknown = sorted(set(modes) - {*MODES[:6], "LEAF"})
    if unknown:
        raise ValueError(f"its mode {unknown[0][:40]!r} is none of {', '.join(MODES[:6])}")
    mode = np.array([MODES.index(name) if name != "LEAF" else -1 for name in modes], np.int64)
    branches = [_targets(site, f"nodes_{side}nodeids", tree, mode, index) for side in ("true", "false")]
    missing = site.integers("nodes_missing_value_tracks_true")
    inner, leaf = np.flatnonzero(mode >= 0), np.flatnonzero(mode < 0)
    place = np.zeros(len(mode), np.int64)
    place[inner], place[leaf] = np.arange(len(inner)), -1 - np.arange(len(leaf))
    names, roots = _root_nodes(tree, mode, branches)
    trees = Trees(
        roots=place[roots],
        mode=mode[inner],
        feature=_whole(site, "nodes_featureids", len(mode))[inner],
        threshold=_numbers(site, "nodes_values", x, len(mode))[inner],
        true=place[branches[0][inner]],
        false=place[branches[1][inner]],
        missing_true=np.zeros(len(inner), bool) if missing is None else missing[inner] != 0,
        members={},
    )
    return trees, _weights(site, kind, index, place, np.searchsorted(names, tree[leaf]), len(leaf))


def _whole(site: Site, name: str, length: int | None = None) -> np.ndarray:
    values = site.integers(name)
    if values is None or (length is not None and len(values) != length):
        raise ValueError(f"{name}: {0 if values is None else len(values)} entries")
    return values


def _numbers(site: Site, name: str, x: Rows, length: int) -> np.ndarray:
    """Return thresholds in the type that they are compared in: the wider one of theirs and that of x."""
    values = site.floats(name)
    if values is None or len(values) != length:
        raise ValueError(f"{name}: {0 if values is None else len(values)} entries for {length} nodes")
    return values.astype(np.result_type(values.dtype, x.node.type.numpy))


def _targets(
    site: Site, name: str, tree: np.ndarray, mode: np.ndarray, index: dict[tuple[int, int], int]
) -> np.ndarray:
    """Return where the branches of each node lie in the lists."""
    ids = _whole(site, name, len(mode))
    found = [
        index[at, child] if kind >= 0 else -1
        for at, child, kind in zip(tree.tolist(), ids.tolist(), mode.tolist(), strict=True)
    ]
    return np.array(found, np.int64)


def _root_nodes(tree: np.ndarray, mode: np.ndarray, branches: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of the trees, ascending, and the node of each that is no branch of another."""
    child = np.zeros(len(tree), bool)
    for branch in branches:
        child[branch[mode >= 0]] = True
    tops = np.flatnonzero(~child)
    names, first = np.unique(tree[tops], return_index=True)
    if len(names) < len(np.unique(tree)) or len(names) < len(tops):
        raise ValueError("a tree has no root, or several: its nodes run in a circle, or do not hang together")
    return names, tops[first]


def _weights(
    site: Site, kind: str, index: dict[tuple[int, int], int], place: np.ndarray, tree: np.ndarray, leaves: int
) -> Weights:
    trees, nodes = (_whole(site, f"{kind}_{name}").tolist() for name in ("treeids", "nodeids"))
    targets, values = _whole(site, f"{kind}_ids", len(trees)), site.floats(f"{kind}_weights")
    if values is None or len(values) != len(trees):
        raise ValueError(f"{kind}_weights: {0 if values is None else len(values)} entries for {len(trees)} targets")
    at = np.array([place[index[key]] for key in zip(trees, nodes, strict=True)], np.int64)
    if (at >= 0).any():
        raise ValueError("an inner node has a weight")
    return Weights(-1 - at, targets, values, leaves, tree)


def _read_one(site: Site, x: Rows) -> tuple[Trees, Weights]:
    """Read the attributes of opset 5: nodes and leaves in lists of their own."""
    site.without_effect("nodes_hitrates")
    modes = np.ravel(site.attribute("nodes_modes", ())).astype(np.int64)
    count = len(modes)
    true, false = (_branch(site, side, count) for side in ("true", "false"))
    missing = site.integers("nodes_missing_value_tracks_true")
    roots = _whole(site, "tree_roots")
    if len(roots) and not 0 <= roots.min() <= roots.max() < count:
        raise ValueError(f"tree_roots: {roots.max()} of {count} nodes")
    alone = (true[roots] < 0) & (true[roots] == false[roots])  # a tree of one leaf
    trees = Trees(
        roots=np.where(alone, true[roots], roots),
        mode=modes,
        feature=_whole(site, "nodes_featureids", count),
        threshold=_numbers(site, "nodes_splits", x, count),
        true=true,
        false=false,
        missing_true=np.zeros(count, bool) if missing is None else missing != 0,
        members=_members(site, modes),
    )
    values, targets = site.floats("leaf_weights"), _whole(site, "leaf_targetids")
    if values is None or len(values) != len(targets):
        raise ValueError("leaf_weights and leaf_targetids are of different lengths")
    leaves = np.arange(len(targets))
    return trees, Weights(leaves, targets, values, len(targets), _trees_of_leaves(trees, len(targets)))


def _branch(site: Site, side: str, count: int) -> np.ndarray:
    """Return the places of one branch of each node, below zero for leaves."""
    ids, is_leaf = _whole(site, f"nodes_{side}nodeids", count), _whole(site, f"nodes_{side}leafs", count)
    if len(ids) and ids.min() < 0:
        raise ValueError(f"nodes_{side}nodeids: {ids.min()}")
    return np.where(is_leaf != 0, -1 - ids, ids)


def _members(site: Site, modes: np.ndarray) -> dict[int, tuple[float, ...]]:
    """Return the sets of the nodes that ask for membership: lists in the order of the nodes, a NaN ends each."""
    values = site.attribute("membership_values")
    if values is None:
        return {}
    ends = np.flatnonzero(np.isnan(values))
    nodes = np.flatnonzero(modes == MEMBER)
    if len(ends) != len(nodes):
        raise ValueError(f"{len(ends)} sets for {len(nodes)} nodes")
    parts = np.split(np.ravel(values), ends + 1)
    return {int(node): tuple(map(float, part[:-1])) for node, part in zip(nodes, parts, strict=False)}


def _trees_of_leaves(trees: Trees, leaves: int) -> np.ndarray:
    """Return the tree of each leaf, -1 where several share it."""
    tree, met = np.zeros(leaves, np.int64), np.zeros(leaves, bool)
    seen: set[int] = set()
    for at, root in enumerate(trees.roots.tolist()):
        stack = [root]
        while stack:
            node = stack.pop()
            if node < 0:
                tree[-1 - node] = -1 if met[-1 - node] and tree[-1 - node] != at else at
                met[-1 - node] = True
            elif node not in seen and node < len(trees.mode):
                seen.add(node)
                stack += [int(trees.true[node]), int(trees.false[node])]
    return tree
