"""Importer of indicators of missing values."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.impute import MissingIndicator

from pretzel.importers.columns import Columns
from pretzel.importers.objects import origins
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.matrices import checked, is_sparse
from pretzel.importers.sklearn.impute.booleans import without_booleans
from pretzel.importers.sklearn.preprocessing.functions import as_compared
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(MissingIndicator, alike=True)


@imports(MissingIndicator)
def missing_indicator(estimator: Any, x: Columns, step: Step) -> Methods:
    """Booleans for the missing values of the selected columns; a missing value in others may be rejected."""
    marker = estimator.missing_values
    if not isinstance(marker, Real):
        raise step.refuse("missing_values", "it is not a number", "use NaN or a number")
    finds_nan = bool(np.isnan(float(marker)))
    without_booleans(x, step)
    node = checked(x, estimator, allow_nan=finds_nan)
    if estimator.sparse is True or is_sparse(node):
        raise step.refuse("sparse", "indicators are served dense", "use sparse=False and dense input")
    missing = as_compared(marker, node.type.numpy)
    features = np.asarray(estimator.features_, np.int64)
    if estimator.features == "missing-only" and estimator.error_on_new:
        node, features = _without_new(node, features, finds_nan, step)
    if node.type.is_float and any(origins(node)):
        node, missing = _marked(node, missing)
    return {"transform": ops.MissingIndicator(node, Parameter.of(features), missing, "bool")}


def _marked(x: Node, missing: float) -> tuple[Node, float]:
    """Mark missing values with infinity, which was rejected before: among objects, NaN does not match None."""
    marks = Parameter.of(np.full(x.type.columns, np.inf, x.type.numpy))
    return ops.ImputeObjects(x, marks, missing), float("inf")


def _without_new(x: Node, features: np.ndarray, finds_nan: bool, step: Step) -> tuple[Node, np.ndarray]:
    """Return the columns that had missing values, then those that had none and now reject them."""
    others = np.setdiff1d(np.arange(x.type.columns), features).astype(np.int64)
    if not len(others):
        return x, features
    if not finds_nan:
        raise step.refuse("error_on_new", "other columns are checked for NaN only", "use error_on_new=False")
    incomplete, complete = (ops.Select(x, Parameter.of(columns)) for columns in (features, others))
    refused = ops.RequireFinite(complete, "MissingIndicator")
    return ops.Concat((incomplete, refused)), np.arange(len(features), dtype=np.int64)
