"""Linear decompositions: a product with the components."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import decomposition

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.matrices import checked, product, vector
from pretzel.plan import ops
from pretzel.plan.node import Node


@imports(decomposition.PCA, decomposition.IncrementalPCA)
def pca(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ components_.T - mean_ @ components_.T``, divided by the root of the variances where it whitens."""
    node = checked(x, estimator)
    projected = product(node, estimator.components_, -_center(estimator.mean_, estimator.components_))
    return {"transform": _whitened(projected, estimator.explained_variance_) if estimator.whiten else projected}


@imports(decomposition.TruncatedSVD)
def truncated_svd(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ components_.T``."""
    return {"transform": product(checked(x, estimator), estimator.components_, 0.0)}


def _center(mean: np.ndarray, components: np.ndarray) -> Any:
    """Return ``mean @ components.T``."""
    if components.dtype == np.float32:
        # The library's own product: its float32 roundings show in the result, even for a float64 X.
        return (mean.reshape(1, -1) @ components.T).ravel()
    # Element by element, not by a matrix product, whose last bits differ from machine to machine.
    return (mean * components).sum(axis=1)


def _whitened(x: Node, variance: np.ndarray) -> Node:
    scale = np.sqrt(variance)
    scale = np.maximum(scale, np.finfo(scale.dtype).eps)
    return ops.Standardize(x, None, vector(scale, x.type.columns))
