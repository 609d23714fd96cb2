"""Random projections: a product with the random components."""

from __future__ import annotations

from typing import Any

from sklearn import random_projection

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.matrices import checked, is_sparse, product


@imports(random_projection.GaussianRandomProjection, random_projection.SparseRandomProjection)
def projection(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ components_.T``."""
    node = checked(x, estimator)
    if is_sparse(node) and not getattr(estimator, "dense_output", True):
        raise step.refuse("dense_output", "the product of sparse rows is served dense", "use dense_output=True")
    projected = product(node, estimator.components_, 0.0)
    if not getattr(estimator, "dense_output", True):
        step.inputs.sparse_results.add(projected)
    return {"transform": projected}
