"""Clusterers that know their centers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import cluster

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.matrices import checked, is_sparse
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(cluster.KMeans, cluster.MiniBatchKMeans)
def k_means(estimator: Any, x: Columns, step: Step) -> Methods:
    """The nearest center, the first of equally near ones; ``transform`` gives the distances to all.

    To find it the library compares ``c.c - 2 x.c`` for dense rows, leaving out the square of x, and squared distances
    for sparse ones; so do we, and ties fall alike.
    """
    node, centers = checked(x, estimator), np.ascontiguousarray(estimator.cluster_centers_)
    nearness = _squares(node, centers) if is_sparse(node) else _partial_squares(node, centers)
    labels = ops.Cast(ops.ArgMin(nearness), "i32")
    return {"predict": labels, "transform": ops.Distances(node, Parameter.of(centers), "euclidean")}


def _squares(x: Node, centers: np.ndarray) -> Node:
    return ops.Distances(x, Parameter.of(centers), "sqeuclidean")


def _partial_squares(x: Node, centers: np.ndarray) -> Node:
    # Times two is exact: the sums round as those of x.c do.
    norms = (centers * centers).sum(axis=1)
    return ops.Linear(x, Parameter.of(np.ascontiguousarray(-2 * centers.T)), Parameter.of(norms))
