"""Two consecutive scalings are merged."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.folding import LARGEST_SHIFT, as_affine, scaled_rows
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Affine, Standardize
from pretzel.plan.parameter import Parameter


@rule(on(Affine | Standardize, x=Affine | Standardize))
def merge_scalings(graph: Graph, outer: Affine | Standardize, inner: Affine | Standardize) -> Node | None:
    """``(x s + t) u + v = x (s u) + (t u + v)``, and ``(x - m) / s = x (1 / s) - m / s``.

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = standardize %x mean=@m:f64[3] scale=@s
        %2 = affine %1 scale=@u:f64[3]
        output "y" = %2

    After::

        %x = input column="x" kind="f64[3]"
        %1 = affine %x scale=@su shift=@tu
        output "y" = %1

    Where::

        s = np.array([1.0, 2.0, 4.0])
        su = u / s
        tu = -m / s * u
    """
    if graph.shared(inner) or not graph.loose(outer):
        return None
    (s, t), (u, v) = as_affine(inner), as_affine(outer)
    if not all((np.abs(shift) <= LARGEST_SHIFT).all() for shift in (t, v) if shift is not None):
        return None  # x s near -t loses digits when t is added later; and a scale of zero makes it infinite
    scale = scaled_rows(s[:, None], u)
    if scale is None:
        return None
    shift = v if t is None else t * u if v is None else t * u + v
    return Affine(inner.x, Parameter.of(scale.ravel()), None if shift is None else Parameter.of(shift))
