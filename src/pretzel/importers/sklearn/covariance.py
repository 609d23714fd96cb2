"""Outliers by their Mahalanobis distance from the center of a robust covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.covariance import EllipticEnvelope

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.matrices import centered, checked_dense, multiplied, vector
from pretzel.importers.sklearn.common.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(EllipticEnvelope)
def elliptic_envelope(estimator: Any, x: Columns, step: Step) -> Methods:
    """Minus the squared distance, and that less the offset: a row is an inlier from zero up.

    Each operation rounds as in SciPy, because a training row may lie exactly on the boundary.
    """
    moved = centered(checked_dense(x, estimator, step, "f64"), np.asarray(estimator.location_, np.float64))
    distance = ops.Elementwise(_quadratic(moved, np.asarray(estimator.get_precision(), np.float64)), "sqrt")
    samples = ops.Elementwise(ops.Elementwise(distance, "square"), "negative")
    scores = centered(samples, np.float64(estimator.offset_))
    sign = ops.Affine(cast(ops.Threshold(scores, 0.0, True), "f64"), vector(2.0, 1), vector(-1.0, 1))
    return {"predict": cast(sign, "i64"), "decision_function": scores, "score_samples": samples}


def _quadratic(x: Node, matrix: np.ndarray) -> Node:
    """Return ``x @ matrix @ x`` per row, each of the two products summed in the order of SciPy's compiled loop."""
    width = x.type.columns
    turned = _added([ops.Linear(x, Parameter.of(_only(matrix.T, part)), in_order=True) for part in _parts(width)])
    terms = multiplied(x, turned)
    return _added([_added([ops.Column(terms, i) for i in part]) for part in _parts(width)])


def _parts(width: int) -> list[range]:
    """Return the positions summed together: the even ones, the odd ones, and the last of an odd number."""
    even = width - width % 2
    return [part for part in (range(0, even, 2), range(1, even, 2), range(even, width)) if part]


def _only(weights: np.ndarray, rows: range) -> np.ndarray:
    masked = np.zeros(weights.shape)
    masked[rows] = weights[rows]
    return masked


def _added(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else ops.Sum(tuple(parts))
