"""Kernel ridge regression: a weighted sum of kernels with the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import kernel_ridge

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.handing import reads_as_given
from pretzel.importers.sklearn.common.kernels import ALIKE, as_library, note_cancelling_kernels, weighted
from pretzel.importers.sklearn.common.matrices import checked
from pretzel.importers.sklearn.common.pairwise import kernel

reads_as_given(kernel_ridge.KernelRidge)


@imports(kernel_ridge.KernelRidge)
def kernel_ridge_regression(estimator: Any, x: Columns, step: Step) -> Methods:
    """``kernel(X, X_fit_) @ dual_coef_``."""
    step.reads_entries(x, alike=estimator.kernel in ALIKE)
    node = checked(x, estimator)
    options = {"gamma": estimator.gamma, "coef0": estimator.coef0, "degree": estimator.degree}
    note_cancelling_kernels(estimator, node, estimator.X_fit_, options, estimator.dual_coef_, step)
    kernels = kernel(node, estimator.X_fit_, estimator.kernel, step, **options)
    predicted = weighted(kernels, np.asarray(estimator.dual_coef_))
    return {"predict": as_library(predicted, estimator.kernel, node, estimator.X_fit_, estimator.dual_coef_)}
