"""Input checks (``check_array``) and products with the library's result types."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Step
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def checked(x: Columns, estimator: Any, dtype: str | None = None, *, allow_nan: bool = False) -> Node:
    """Return all columns as one matrix of floats that rejects infinities, and NaN unless it is allowed."""
    return ops.RequireFinite(x.numbers(dtype), type(estimator).__name__, allow_nan)


def checked_array(x: Columns, estimator: Any, *, allow_nan: bool = False) -> Columns:
    """Return all columns as an array of their own type, even integers, with the same checks as :func:`checked`."""
    array = x.array()
    if not array.type.is_float:
        return Columns.of(array)
    return Columns.of(ops.RequireFinite(array, type(estimator).__name__, allow_nan))


def checked_dense(x: Columns, estimator: Any, step: Step, dtype: str | None = None, *, allow_nan: bool = False) -> Node:
    """Do as :func:`checked`, for estimators that do not accept a sparse matrix.

    Raises:
        UnsupportedError: the input is sparse.
    """
    node = checked(x, estimator, dtype, allow_nan=allow_nan)
    if is_sparse(node):
        raise step.refuse(
            "", "it is given a sparse matrix", "make the step before it give a dense one", about_input=True
        )
    return node


def is_sparse(node: Node) -> bool:
    """Return whether a matrix consists of sparse rows."""
    return node.type.layout == "sparse"


def vector(value: Any, width: int) -> Parameter:
    """Return one number per column as a parameter; a single number is repeated."""
    array = np.asarray(value)
    array = array if array.dtype == np.float32 else array.astype(np.float64)
    return Parameter.of(np.ascontiguousarray(np.broadcast_to(array, (width,))))


def centered(x: Node, mean: Any) -> Node:
    """Return ``x - mean`` in the wider type of the two."""
    subtracted = vector(mean, x.type.columns)
    wide = ops.Cast(x, "f64") if subtracted.dtype == "f64" and x.type.dtype != "f64" else x
    return ops.Standardize(wide, subtracted, None)


def multiplied(a: Node, b: Node) -> Node:
    """Return the product of two matrices of the same shape, element by element."""
    width = a.type.columns
    pairs = np.column_stack([np.arange(width), width + np.arange(width)])
    return ops.Products(ops.Concat((a, b)), Parameter.of(pairs))


def product(x: Node, coef: Any, intercept: Any) -> Node:
    """Return ``x @ coef.T + intercept`` in the types that NumPy gives the two operations.

    ``coef`` is ``[width]`` for one value per row, or ``[k, width]``.
    """
    weights = Parameter.of(coefficients(coef).T)
    bias = _bias(intercept, 1 if len(weights.shape) == 1 else weights.shape[1])
    unbiased = ops.Linear(x, weights)
    if _holds(unbiased, bias, intercept):
        if not bias.any():
            return unbiased
        return ops.Linear(x, weights, Parameter.of(bias.astype(unbiased.type.numpy)))
    wide = ops.Cast(unbiased, "f64")
    return ops.Affine(wide, vector(1.0, wide.type.columns), Parameter.of(bias))


def coefficients(coef: Any) -> np.ndarray:
    """Return ``coef_`` as a dense array of floats, even after ``sparsify``."""
    array = coef.toarray() if hasattr(coef, "toarray") else np.asarray(coef)
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)


def _bias(intercept: Any, width: int) -> np.ndarray:
    array = np.asarray(intercept, dtype=getattr(intercept, "dtype", np.float64)).ravel()
    return np.broadcast_to(array, (width,))


def _holds(product: Node, bias: np.ndarray, intercept: Any) -> bool:
    """Return whether adding the intercept keeps the type: a Python float always does, a float64 widens float32."""
    return product.type.dtype == "f64" or bias.dtype == np.float32 or type(intercept) in (float, int)
