"""Isotonic regression: straight lines between what was found at the knots."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES


@imports(IsotonicRegression)
def isotonic_regression(estimator: Any, x: Columns, step: Step) -> Methods:
    """``predict`` and ``transform`` are the same: one number a row, from one number a row."""
    answer = isotonic(estimator, x.number())
    return {"predict": answer, "transform": answer}


def isotonic(estimator: Any, x: Node) -> Node:
    """Return what an isotonic regression makes of x, one number a row.

    Outside the knots it is as at the first or last (``clip``), missing (``nan``), or refused (``raise``).
    """
    knots, levels = estimator.X_thresholds_, estimator.y_thresholds_
    finite: Node = ops.RequireFinite(cast(x, DTYPE_NAMES[knots.dtype]), type(estimator).__name__)
    ends = (float(knots[0]), float(knots[-1]))
    bounds = estimator.out_of_bounds if len(knots) > 1 else "clip"  # a single one is a constant, wherever x is
    if bounds == "raise":
        finite = _refused(finite, ends, type(estimator).__name__)
    curve = Parameter.of(np.asarray(knots, np.float64)[None, :]), Parameter.of(np.asarray(levels, np.float64))
    line = ops.Interpolate(finite, *curve, upwards=True)
    return ops.Sum((line, _missing(finite, ends))) if bounds == "nan" else line


def _refused(x: Node, ends: tuple[float, float], owner: str) -> Node:
    low, high = (Parameter.of(np.array([end])) for end in ends)
    return cast(ops.RequireWithin(cast(x, "f64"), low, high, owner), x.type.dtype)


def _missing(x: Node, ends: tuple[float, float]) -> Node:
    """Return zero between the ends, and NaN outside."""
    edges = Parameter.of(np.array([ends[0], np.nextafter(ends[1], np.inf)]))
    table = Parameter.of(np.array([np.nan, 0.0, np.nan], x.type.numpy))
    return ops.Take(ops.Bin(x, edges, Parameter.of(np.array([0, 2]))), table)
