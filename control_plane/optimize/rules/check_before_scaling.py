"""A check between a scaling and a linear model moves in front of the scaling, and no longer keeps the two apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pretzel.control_plane.optimize.folding import finite_range, float64
from pretzel.control_plane.optimize.graph import Graph
from pretzel.control_plane.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Affine, Linear, RequireFinite, RequireWithin, Standardize
from pretzel.plan.parameter import Parameter


@rule(on(Linear, x=RequireFinite))
def check_before_scaling(graph: Graph, linear: Linear, check: RequireFinite) -> Node | None:
    """Rounded or not, ``(x - m) / s`` grows with x, so it is finite just for the x between two numbers.

    Before::

        %x = input column="x" kind="f64[2]"
        %1 = standardize %x mean=@m:f64[2] scale=@s
        %2 = require_finite %1 owner="LogisticRegression"
        %3 = linear %2 weights=@w:f64[2]
        output "y" = %3

    After::

        %x = input column="x" kind="f64[2]"
        %1 = require_within %x low=@low high=@high owner="LogisticRegression"
        %2 = standardize %1 mean=@m:f64[2] scale=@s
        %3 = linear %2 weights=@w:f64[2]
        output "y" = %3

    Where::

        s = np.array([2.0, 0.5])
        most = np.finfo(float).max
        low = np.array([-most, -most / 2])
        high = np.array([most, most / 2])
    """
    scaling = check.x
    if not isinstance(scaling, (Affine, Standardize)) or str(scaling.type) != f"f64[{scaling.type.columns}]":
        return None  # float32 is not folded afterwards, and zeros that a sparse row does not store are not checked
    if graph.shared(scaling) or graph.shared(check):  # the other reader has it made anyway
        return None
    scaled = _increasing(scaling)
    if scaled is None or not np.isfinite(scaled(np.zeros(scaling.type.columns))).all():
        return None
    low, high = finite_range(scaled, scaling.type.columns)
    inner = RequireWithin(scaling.x, Parameter.of(low), Parameter.of(high), check.owner, check.allow_nan)
    return linear.replace(x=scaling.replace(x=inner))


def _increasing(scaling: Affine | Standardize) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return what the scaling computes, step by step as it is rounded, or None where it does not grow with x."""
    scale = np.ones(1) if scaling.scale is None else float64(scaling.scale)
    shift = scaling.shift if isinstance(scaling, Affine) else scaling.mean
    moved = np.zeros(1) if shift is None else float64(shift)
    if not (np.isfinite(moved).all() and np.isfinite(scale).all() and (scale > 0).all()):
        return None
    if isinstance(scaling, Affine):
        return lambda x: x * scale + moved
    return lambda x: (x - moved) / scale
