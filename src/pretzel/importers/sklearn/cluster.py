"""Clusterers that predict by their nearest center, compared directly or down a tree of splits."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import cluster

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_ORIGINS
from pretzel.importers.forest import Trees, joined
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.doubts import note_rounding
from pretzel.importers.sklearn.common.handing import reads_as_given
from pretzel.importers.sklearn.common.matrices import checked, checked_dense, is_sparse
from pretzel.importers.sklearn.common.members import cast, divided
from pretzel.importers.sklearn.common.pairwise import bounded
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_as_given(cluster.Birch)
reads_entries(cluster.Birch, cluster.KMeans, cluster.MiniBatchKMeans, alike=True)
reads_entries(cluster.AffinityPropagation, cluster.BisectingKMeans, alike=False)
widens(cluster.KMeans, cluster.MiniBatchKMeans)

FAR = 1e12


@imports(cluster.KMeans, cluster.MiniBatchKMeans)
def k_means(estimator: Any, x: Columns, step: Step) -> Methods:
    """The nearest center, the first of equally near ones; ``transform`` returns the distances to all.

    The library compares ``c.c - 2 x.c`` for dense rows, without the square of x, and squared distances for sparse
    ones.  The plan does the same, so that ties fall alike.
    """
    node, centers = checked(x, estimator), np.ascontiguousarray(estimator.cluster_centers_)
    note_rounding(centers, step)
    labels = ops.Cast(ops.ArgMin(_nearness(node, centers)), "i32")
    _require_type(labels, node, centers, step)
    return {"predict": labels, "transform": _distances(node, centers)}


@imports(cluster.BisectingKMeans)
def bisecting_k_means(estimator: Any, x: Columns, step: Step) -> Methods:
    """The leaf reached by following the nearer of two centers at each split."""
    node, centers = checked(x, estimator), estimator.cluster_centers_
    labels = _descended(estimator, node)
    _require_type(labels, node, centers, step)
    return {"predict": labels, "transform": _distances(node, centers)}


def _require_type(labels: Node, x: Node, centers: np.ndarray, step: Step) -> None:
    """Record that the library finds the nearest center only for rows of the float type of the centers."""
    if x.type.numpy != centers.dtype:
        step.inputs.of_type[labels] = centers.dtype.name


@imports(cluster.Birch)
def birch(estimator: Any, x: Columns, step: Step) -> Methods:
    """The cluster of the nearest subcluster, and the distances to the subclusters."""
    node, centers = checked(x, estimator), estimator.subcluster_centers_
    note_rounding(centers, step)
    if _holds_single_rows(estimator):
        step.may_differ(ROUNDED_ORIGINS.reason, ROUNDED_ORIGINS.remedy)
    labels = Parameter.of(np.asarray(estimator.subcluster_labels_, np.int64))
    return {
        "predict": ops.Take(_nearest(node, centers, estimator), labels, -1.0),
        "transform": _distances(node, centers),
    }


def _holds_single_rows(estimator: Any) -> bool:
    """Return whether some subcluster of a ``Birch`` holds one row, which is then its center."""
    leaf = estimator.dummy_leaf_.next_leaf_
    while leaf is not None:
        if any(subcluster.n_samples_ == 1 for subcluster in leaf.subclusters_):
            return True
        leaf = leaf.next_leaf_
    return False


@imports(cluster.MeanShift)
def mean_shift(estimator: Any, x: Columns, step: Step) -> Methods:
    """The nearest center."""
    note_rounding(estimator.cluster_centers_, step)
    return {"predict": _nearest(checked_dense(x, estimator, step), estimator.cluster_centers_, estimator)}


@imports(cluster.AffinityPropagation)
def affinity_propagation(estimator: Any, x: Columns, step: Step) -> Methods:
    """The nearest exemplar; -1 if it has none because it did not converge."""
    if estimator.affinity == "precomputed":
        raise step.refuse("affinity", "it stores no centers and has no predict", "use affinity='euclidean'")
    node, centers = checked(x, estimator), estimator.cluster_centers_
    if not centers.shape[0]:
        return {"predict": ops.Constant(node, Parameter.of(np.array([-1])))}
    note_rounding(centers, step)
    return {"predict": _nearest(node, centers, estimator)}


@imports(cluster.FeatureAgglomeration)
def feature_agglomeration(estimator: Any, x: Columns, step: Step) -> Methods:
    """The mean, or the sum, of the features of each cluster."""
    pools = {np.mean: "f64", np.sum: None}
    if estimator.pooling_func not in pools:
        raise step.refuse("pooling_func", "only means and sums of features are served", "use numpy.mean or numpy.sum")
    node = checked_dense(x, estimator, step, pools[estimator.pooling_func])
    members = np.eye(estimator.n_clusters_, dtype=node.type.numpy)[estimator.labels_]
    sums = ops.Linear(node, Parameter.of(members))
    return {"transform": sums if estimator.pooling_func is np.sum else divided(sums, members.sum(axis=0))}


def _nearness(x: Node, centers: np.ndarray) -> Node:
    return _squares(x, centers) if is_sparse(x) else _partial_squares(x, centers)


def _nearest(x: Node, centers: Any, estimator: Any) -> Node:
    """``pairwise_distances_argmin``, in float64; without the square of x where the types are equal."""
    rows = _rows(centers)
    wide, same = _within_reach(cast(x, "f64"), rows, estimator), x.type.numpy == rows.dtype
    return ops.ArgMin((_partial_squares if same else _squares)(wide, rows.astype(np.float64)))


def _within_reach(x: Node, centers: np.ndarray, estimator: Any) -> Node:
    """Return x; values so far away that rounding decides which center is the nearest are rejected."""
    spread = np.ptp(centers.astype(np.float64), axis=0)
    if is_sparse(x) or not spread.any():
        return x
    reason = f"beyond {FAR:g} times the spread of the centers, rounding decides which is the nearest; scale the value"
    return bounded(x, FAR * np.maximum(spread, spread[spread > 0].min()), estimator, reason)


def _distances(x: Node, centers: Any) -> Node:
    return ops.Distances(x, Parameter.of(_rows(centers)), "euclidean")


def _rows(centers: Any) -> np.ndarray:
    return np.ascontiguousarray(centers.toarray() if hasattr(centers, "toarray") else centers)


def _descended(estimator: Any, x: Node) -> Node:
    """Return the label of the leaf that a row reaches; a split is a feature, 1 where its second center is nearer."""
    splits, tree = _splits(estimator._bisecting_tree)
    if not splits:
        return ops.Constant(x, Parameter.of(np.array([estimator._bisecting_tree.label], np.int32)))
    mean = getattr(estimator, "_X_mean", None)
    sides = [ops.ArgMin(_nearness(x, pair if mean is None else pair + mean)) for pair in splits]
    return ops.Cast(joined(ops.Cast(ops.Concat(tuple(sides)), "f64"), [tree]), "i32")


def _splits(root: Any) -> tuple[list[np.ndarray], Trees]:
    """Return the two centers of each split, and the tree of the splits, children after parents."""
    nodes, children = [root], []
    pairs: list[np.ndarray] = []
    for node in nodes:
        if node.left is None:
            children.append((0, -1, -1, node.label))
            continue
        children.append((len(pairs), len(nodes), len(nodes) + 1, 0))
        pairs.append(np.vstack((node.left.center, node.right.center)))
        nodes += [node.left, node.right]
    feature, left, right, label = np.array(children).T
    inner = left >= 0
    tree = Trees(feature, np.where(inner, 0.5, 0.0), left, right, np.zeros(len(left), bool), label.astype(np.float64))
    return pairs, tree


def _squares(x: Node, centers: np.ndarray) -> Node:
    return ops.Distances(x, Parameter.of(centers), "sqeuclidean")


def _partial_squares(x: Node, centers: np.ndarray) -> Node:
    # Multiplication by two is exact, so the sums round as those of x.c do.
    norms = (centers * centers).sum(axis=1)
    return ops.Linear(x, Parameter.of(np.ascontiguousarray(-2 * centers.T)), Parameter.of(norms))
