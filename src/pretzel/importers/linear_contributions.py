"""Feature contributions to the score of a linear model, as an optional output."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pretzel.importers.contributions import METHOD
from pretzel.importers.registry import Methods, Step
from pretzel.plan import ops
from pretzel.plan.multioutput import part_name
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def offer_contributions(step: Step, x: Node, coef: np.ndarray, intercept: Any) -> None:
    """Offer ``x * coef`` followed by the intercept, which add up to the score.

    ``coef`` is ``[features]``, or ``[scores, features]`` for a matrix of contributions per score.
    """
    adds = math.inf if x.type.layout == "sparse" else _distinct(coef) * coef.shape[-1] * coef.itemsize
    step.offer(METHOD, lambda: linear_contributions(x, coef, intercept), adds=adds)


def linear_contributions(x: Node, coef: np.ndarray, intercept: Any) -> Methods:
    """Return the terms of each score, the intercept last: one output per score.

    Sparse rows give sparse rows, which store the intercept and the entries of x.
    """
    wide = ops.Cast(x, "f64") if coef.dtype == np.float64 and x.type.dtype != "f64" else x
    terms = [_terms(wide, row, last) for row, last in zip(*_rows(coef, intercept), strict=True)]
    return {METHOD: terms[0]} if coef.ndim == 1 else {part_name(METHOD, i): term for i, term in enumerate(terms)}


def terms(x: Any, coef: np.ndarray, intercept: Any) -> Any:
    """Compute the output by NumPy, or by SciPy for a sparse matrix; several scores give an array or a list."""
    per_score = [_by_library(x, row, last) for row, last in zip(*_rows(coef, intercept), strict=True)]
    if coef.ndim == 1:
        return per_score[0]
    return per_score if hasattr(x, "tocsr") else np.stack(per_score, axis=1)


def _distinct(coef: np.ndarray) -> int:
    """Return a lower bound of the number of distinct rows, which are stored once each."""
    return len(np.unique(np.atleast_2d(coef).sum(axis=1)))


def _rows(coef: np.ndarray, intercept: Any) -> tuple[np.ndarray, np.ndarray]:
    rows = np.atleast_2d(coef)
    return rows, np.broadcast_to(np.asarray(intercept, coef.dtype).ravel(), (len(rows),))


def _terms(x: Node, coef: np.ndarray, intercept: Any) -> Node:
    last = ops.Constant(x, Parameter.of(np.array([intercept], x.type.numpy)))
    return ops.Concat((ops.Affine(x, Parameter.of(np.ascontiguousarray(coef))), last))


def _by_library(x: Any, coef: np.ndarray, intercept: Any) -> Any:
    last = np.full((x.shape[0], 1), intercept, coef.dtype)
    if not hasattr(x, "tocsr"):
        return np.column_stack([x * coef, last])
    from scipy.sparse import csr_matrix, hstack  # a sparse x implies that SciPy is installed

    return hstack([x.multiply(coef), csr_matrix(last)], "csr")
