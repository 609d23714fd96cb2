"""Importer of the kernel centerer."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import preprocessing

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_SHARES
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.doubts import cancels
from pretzel.importers.sklearn.common.matrices import checked
from pretzel.importers.sklearn.common.members import divided
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter


@imports(preprocessing.KernelCenterer)
def kernel_centerer(estimator: Any, x: Columns, step: Step) -> Methods:
    """``K`` minus the mean of its row and the fitted means of each column, plus the mean of all."""
    node = checked(x, estimator)
    if cancels(np.asarray(estimator.K_fit_rows_)[:, None]):
        step.may_differ(ROUNDED_SHARES.reason, ROUNDED_SHARES.remedy)
    width = node.type.columns
    means = divided(ops.Linear(node, Parameter.of(np.ones(width, node.type.numpy))), width)
    everything, rows = (np.asarray(means, node.type.numpy) for means in (estimator.K_fit_all_, estimator.K_fit_rows_))
    shift = everything - rows
    moved = ops.Affine(node, Parameter.of(np.ones(width, node.type.numpy)), Parameter.of(shift))
    return {"transform": ops.Sum((moved, ops.Linear(means, Parameter.of(np.full((1, width), -1.0, node.type.numpy)))))}
