"""What each feature adds to the score of a linear model, as an optional output."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.importers.registry import Step
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

CONTRIBUTIONS = "contributions"


def offer_contributions(step: Step, x: Node, coef: np.ndarray, intercept: Any, **form: Any) -> None:
    """Offer ``x * coef`` and the intercept behind it, which add up to the score.

    ``coef`` is ``[features]``, or ``[scores, features]`` for as many rows of contributions.
    """
    shape = (len(coef), x.type.columns + 1) if coef.ndim == 2 and x.type.layout == "dense" else None
    step.offer(CONTRIBUTIONS, lambda: linear_contributions(x, coef, intercept), **({"shape": shape} | form))


def linear_contributions(x: Node, coef: np.ndarray, intercept: Any) -> Node:
    """Return the terms of a score side by side, the intercept last; of several scores one after the other.

    Sparse rows give sparse rows, which store the intercept and what x stores.
    """
    rows, width = np.atleast_2d(coef), x.type.columns
    bias = np.broadcast_to(np.asarray(intercept, coef.dtype).ravel(), (len(rows),))
    wide = ops.Cast(x, "f64") if coef.dtype == np.float64 and x.type.dtype != "f64" else x
    if wide.type.layout == "sparse":
        return ops.Concat(tuple(part for row, last in zip(rows, bias, strict=True) for part in _terms(wide, row, last)))
    one = ops.Concat((wide, ops.Constant(wide, Parameter.of(np.ones(1, wide.type.numpy)))))
    if len(rows) > 1:
        one = ops.Select(one, Parameter.of(np.tile(np.arange(width + 1), len(rows))))
    return ops.Affine(one, Parameter.of(np.column_stack([rows, bias]).ravel()))


def _terms(x: Node, coef: np.ndarray, intercept: Any) -> tuple[Node, Node]:
    last = Parameter.of(np.array([intercept], x.type.numpy))
    return ops.Affine(x, Parameter.of(np.ascontiguousarray(coef))), ops.Constant(x, last)


def terms(x: Any, coef: np.ndarray, intercept: Any) -> Any:
    """Return by NumPy, or by SciPy for a sparse matrix, what the output holds, in the shape in which users see it."""
    rows = np.atleast_2d(coef)
    bias = np.broadcast_to(np.asarray(intercept, coef.dtype).ravel(), (len(rows),))
    join, multiply = (_join_sparse, x.multiply) if hasattr(x, "tocsr") else (np.column_stack, x.__mul__)
    found = [join([multiply(row), np.full((x.shape[0], 1), last)]) for row, last in zip(rows, bias, strict=True)]
    if hasattr(x, "tocsr"):
        return _join_sparse(found)
    return np.stack(found, axis=1) if coef.ndim == 2 else found[0]


def _join_sparse(parts: Any) -> Any:
    from scipy.sparse import csr_matrix, hstack  # a sparse matrix is given, so SciPy is there

    return hstack([csr_matrix(part) for part in parts], "csr")
