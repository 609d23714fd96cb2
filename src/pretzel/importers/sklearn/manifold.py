"""Manifold embeddings of rows by their nearest training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import manifold

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.matrices import checked_array
from pretzel.importers.sklearn.common.members import cast
from pretzel.importers.sklearn.common.pairwise import matrix, shifted, within
from pretzel.importers.sklearn.decomposition.kernel_pca import projected
from pretzel.importers.sklearn.neighbors.nearest import nearest, nearness
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(manifold.Isomap, alike=False)


@imports(manifold.Isomap)
def isomap(estimator: Any, x: Columns, step: Step) -> Methods:
    """Shortest paths to all training rows through the nearest ones; minus half their squares are the kernels."""
    columns = checked_array(x, estimator)
    node = columns.numbers()
    positions, distance = _near(estimator, columns, step)
    paths: Node = ops.Blend(
        positions, distance, Parameter.of(np.ascontiguousarray(estimator.dist_matrix_, np.float64)), "min"
    )
    if estimator.n_neighbors is None:
        paths = within(paths, 0.0, estimator, "nothing that was learned lies within the radius")
    mapped = projected(estimator.kernel_pca_, shifted(ops.Elementwise(paths, "square"), -0.5))
    kinds = node.type.numpy, estimator.kernel_pca_.eigenvectors_.dtype
    single = np.result_type(*kinds) == np.float32 and not x.frame  # the library does not find the type of a table
    return {"transform": cast(mapped, "f32" if single else "f64")}


@imports(manifold.LocallyLinearEmbedding)
def locally_linear_embedding(estimator: Any, x: Columns, step: Step) -> Methods:
    """The embeddings of the nearest training rows, with the weights that reconstruct the row from them."""
    columns = checked_array(x, estimator)
    node = columns.numbers()
    if node.type.dtype == "f32":
        raise step.refuse(
            "", "float32 input leaves the weights only three digits", "give it float64 rows", about_input=True
        )
    if estimator.reg <= 0:
        raise step.refuse("reg", "without regularization the weights are undefined", "use reg above 0")
    neighbors = nearest(estimator.nbrs_, columns, step, estimator.n_neighbors)
    learned = Parameter.of(matrix(estimator.nbrs_._fit_X))
    weights = ops.Barycenter(node, neighbors.positions, learned, float(estimator.reg))
    return {"transform": ops.Blend(neighbors.positions, weights, Parameter.of(matrix(estimator.embedding_)))}


def _near(estimator: Any, x: Columns, step: Step) -> tuple[Node, Node]:
    if estimator.n_neighbors is not None:
        neighbors = nearest(estimator.nbrs_, x, step, estimator.n_neighbors)
        return neighbors.positions, neighbors.distance
    near = nearness(estimator.nbrs_, x, step)
    positions = ops.Nearest(near.far, estimator.nbrs_.n_samples_fit_, near.reach(estimator.radius))
    return positions, near.distance(ops.Gather(near.far, positions))
