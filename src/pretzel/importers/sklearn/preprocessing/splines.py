"""Importer of spline features and their extrapolation beyond the knots."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import SplineTransformer

from pretzel.importers.columns import Columns
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.matrices import checked_dense
from pretzel.importers.sklearn.common.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

widens(SplineTransformer)


@imports(SplineTransformer)
def spline_transformer(estimator: Any, x: Columns, step: Step) -> Methods:
    """The basis splines of each feature, without the last of each if ``include_bias`` is False."""
    node = checked_dense(x, estimator, step, allow_nan=estimator.handle_missing == "zeros")
    if estimator.handle_missing == "zeros" and estimator.extrapolation in ("constant", "error"):
        node = x.numbers()  # the library does not check values here, and infinities are extrapolated like others
    knots = np.array([spline.t for spline in estimator.bsplines_], np.float64)
    if not np.isfinite(knots).all():
        raise step.refuse("", "a column had no value in training", "leave the column out")
    if estimator.sparse_output and estimator.handle_missing == "zeros" and len(knots) > 1:
        _refuse_mixed_rows(estimator, step)
    if estimator.extrapolation == "error":
        low, high = (np.ascontiguousarray(knots[:, at]) for at in (estimator.degree, -estimator.degree - 1))
        node = _within(node, low, high)
    if estimator.extrapolation == "continue" and estimator.degree:
        largest = _largest(knots, estimator.degree)
        node = _within(node, -largest, largest, "its splines overflow; scale the features before it")
    splines = ops.Spline(
        node, Parameter.of(knots), estimator.degree, *_ends(estimator, step), estimator.extrapolation == "periodic"
    )
    features = splines if estimator.include_bias else _without_last(splines, len(knots))
    return {"transform": ops.Sparsify(features) if estimator.sparse_output else features}


def _refuse_mixed_rows(estimator: Any, step: Step) -> None:
    """Raise if the library encodes a missing value as the smallest value of all rows."""
    if estimator.extrapolation not in ("constant", "linear"):
        remedy = "use sparse_output=False, or extrapolation='constant'"
        raise step.refuse("handle_missing", "with sparse_output the library mixes up rows", remedy)


def _ends(estimator: Any, step: Step) -> tuple[Parameter | None, Parameter | None]:
    """Return the value and slope of every spline at both ends, zero for those that the library leaves at zero."""
    kind, splines, degree = estimator.extrapolation, estimator.bsplines_, estimator.degree
    if kind not in ("constant", "linear"):
        return None, None
    if kind == "constant" and not degree:
        raise step.refuse("degree", "above the last knot the library fails", "use degree=1, or another extrapolation")
    if kind == "linear" and degree <= 1 and len(splines) > 1:
        remedy = "use degree=2 or more, or another extrapolation"
        raise step.refuse("degree", "the library extrapolates from wrong knots after the first feature", remedy)
    count = max(degree, 1) if kind == "constant" else max(degree, min(degree + 1, 2))
    values, slopes = (np.array([_at_ends(spline, count, order) for spline in splines]) for order in (0, 1))
    return Parameter.of(values), Parameter.of(slopes if kind == "linear" else np.zeros_like(slopes))


def _at_ends(spline: Any, count: int, order: int) -> np.ndarray:
    """Return the first ``count`` splines, or their slopes, at the low end, then the last ``count`` at the high end."""
    low, high = (np.array(spline(spline.t[at], nu=order)) for at in (spline.k, -spline.k - 1))
    low[count:] = 0
    high[:-count] = 0
    return np.concatenate((low, high))


def _largest(knots: np.ndarray, degree: int) -> np.ndarray:
    """Return a size of x for each column up to which no spline overflows.

    Beyond it the library multiplies infinite splines by zeros, which makes NaN of all splines of a dense row.
    """
    gaps = np.diff(knots, axis=1)
    narrowest = np.where(gaps > 0, gaps, 1.0).min(axis=1)
    largest: np.ndarray = np.maximum(narrowest.clip(max=1.0) / 4 * 10.0 ** (300 / degree), np.abs(knots).max(axis=1))
    return largest


def _within(x: Node, low: np.ndarray, high: np.ndarray, reason: str = "") -> Node:
    checked = ops.RequireWithin(
        cast(x, "f64"), Parameter.of(low), Parameter.of(high), "SplineTransformer", allow_nan=True, reason=reason
    )
    return cast(checked, x.type.dtype)


def _without_last(splines: Node, features: int) -> Node:
    count = splines.type.columns // features
    positions = np.arange(splines.type.columns)
    return ops.Select(splines, Parameter.of(positions[(positions + 1) % count != 0]))
