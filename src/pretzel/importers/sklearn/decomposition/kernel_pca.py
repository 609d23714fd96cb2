"""Kernel PCA: projections of centered kernels with the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import decomposition

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.handing import reads_as_given
from pretzel.importers.sklearn.common.kernels import ALIKE, as_library
from pretzel.importers.sklearn.common.matrices import checked
from pretzel.importers.sklearn.common.pairwise import kernel
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_as_given(decomposition.KernelPCA)


@imports(decomposition.KernelPCA)
def kernel_pca(estimator: Any, x: Columns, step: Step) -> Methods:
    """The centered kernel with ``X_fit_`` times the scaled eigenvectors; the weights include the centering."""
    step.reads_entries(x, alike=estimator.kernel in ALIKE)
    node = checked(x, estimator)
    options = {"gamma": estimator.gamma_, "coef0": estimator.coef0, "degree": estimator.degree}
    kernels = kernel(node, estimator.X_fit_, estimator.kernel, step, **options)
    mapped = projected(estimator, kernels)
    return {"transform": as_library(mapped, estimator.kernel, node, estimator.X_fit_, estimator.eigenvectors_)}


def projected(estimator: Any, kernels: Node) -> Node:
    """Return the projection by a ``KernelPCA`` of uncentered kernels with all training rows."""
    vectors, values = np.asarray(estimator.eigenvectors_), np.asarray(estimator.eigenvalues_)
    scaled = np.where(values != 0, vectors / np.sqrt(np.where(values != 0, values, 1)), 0.0).astype(np.float64)
    center = estimator._centerer
    sums = scaled.sum(axis=0)
    weights = scaled - sums / len(center.K_fit_rows_)
    bias = center.K_fit_all_ * sums - (np.asarray(center.K_fit_rows_)[:, None] * scaled).sum(axis=0)
    return ops.Linear(kernels, Parameter.of(weights), Parameter.of(bias.astype(np.float64)))
