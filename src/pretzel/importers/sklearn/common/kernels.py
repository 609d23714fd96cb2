"""Weighted kernels with training rows, in the library's result types."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics.pairwise import PAIRWISE_KERNEL_FUNCTIONS, pairwise_kernels

from pretzel.importers.registry import Step
from pretzel.importers.sklearn.common.doubts import note_cancelling
from pretzel.importers.sklearn.common.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

ALIKE = frozenset({"linear", "poly", "polynomial", "rbf", "sigmoid"})
"""Kernels that read a repeated column of a sparse float64 row as the library does; the norms of cosine do not."""


def note_cancelling_kernels(
    estimator: Any, x: Node, rows: Any, parameters: dict[str, Any], weights: Any, step: Step
) -> None:
    """Add a note if the weighted kernels with these training rows cancel."""
    if estimator.kernel not in PAIRWISE_KERNEL_FUNCTIONS:
        return

    def kernels(count: int) -> Any:
        return pairwise_kernels(rows[:count], rows, metric=estimator.kernel, filter_params=True, **parameters)

    note_cancelling(kernels, weights, (x.type.numpy, rows.dtype), step)


def weighted(kernels: Node, weights: np.ndarray) -> Node:
    """Return ``kernels @ weights`` in float64."""
    return ops.Linear(kernels, Parameter.of(np.ascontiguousarray(weights, np.float64)))


def as_library(result: Node, name: str, x: Node, *others: Any) -> Node:
    """Return the result in the library's type; laplacian kernels use SciPy's distances, which are float64."""
    types = [x.type.numpy, *(other.dtype for other in others), *([np.float64] if name == "laplacian" else [])]
    return cast(result, "f32" if np.result_type(*types) == np.float32 else "f64")
