"""Isotonic regression: linear interpolation between the fitted levels at the knots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from pretzel.importers.columns import Columns
from pretzel.importers.differences import STEEP_CURVES
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.rounding import is_rounded
from pretzel.importers.sklearn.common.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES

STEPS = 1e-6
"""A change in the last digit of the input may move the answer this far without a note."""


@imports(IsotonicRegression)
def isotonic_regression(estimator: Any, x: Columns, step: Step) -> Methods:
    """``predict`` and ``transform`` are the same: one number per row, from one number per row."""
    number = x.number()
    note_steep([estimator], number, step)
    answer = isotonic(estimator, number)
    return {"predict": answer, "transform": answer}


def isotonic(estimator: Any, x: Node) -> Node:
    """Return the prediction of an isotonic regression for x, one number per row.

    Outside the knots it is the first or last level (``clip``), NaN (``nan``), or the row is rejected (``raise``).
    """
    knots, levels = estimator.X_thresholds_, estimator.y_thresholds_
    finite: Node = ops.RequireFinite(cast(x, DTYPE_NAMES[knots.dtype]), type(estimator).__name__)
    ends = (float(knots[0]), float(knots[-1]))
    bounds = estimator.out_of_bounds if len(knots) > 1 else "clip"  # a single knot makes a constant
    if bounds == "raise":
        finite = _refused(finite, ends, type(estimator).__name__)
    curve = Parameter.of(np.asarray(knots, np.float64)[None, :]), Parameter.of(np.asarray(levels, np.float64))
    line = ops.Interpolate(finite, *curve, upwards=True)
    return ops.Sum((line, _missing(finite, ends))) if bounds == "nan" else line


def note_steep(curves: Iterable[Any], x: Node, step: Step) -> None:
    """Add a note if the last digits of x, which depend on rounding, would show in the answers of these regressions."""
    if is_rounded(x) and any(_last_digit(curve, x) > STEPS for curve in curves):
        step.may_differ(STEEP_CURVES.reason, STEEP_CURVES.remedy)


def _last_digit(estimator: Any, x: Node) -> float:
    """Return how far the last digit of the largest x moves the answer where the curve is steepest."""
    knots, levels = (np.asarray(array, np.float64) for array in (estimator.X_thresholds_, estimator.y_thresholds_))
    if len(knots) < 2:
        return 0.0
    steepest = np.abs(np.diff(levels) / np.diff(knots)).max()
    return float(steepest * np.abs(knots).max() * np.finfo(x.type.numpy).eps)


def _refused(x: Node, ends: tuple[float, float], owner: str) -> Node:
    low, high = (Parameter.of(np.array([end])) for end in ends)
    return cast(ops.RequireWithin(cast(x, "f64"), low, high, owner), x.type.dtype)


def _missing(x: Node, ends: tuple[float, float]) -> Node:
    """Return zero between the ends and NaN outside."""
    edges = Parameter.of(np.array([ends[0], np.nextafter(ends[1], np.inf)]))
    table = Parameter.of(np.array([np.nan, 0.0, np.nan], x.type.numpy))
    return ops.Take(ops.Bin(x, edges, Parameter.of(np.array([0, 2]))), table)
