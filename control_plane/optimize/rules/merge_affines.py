"""Two scalings in a row are one."""

from __future__ import annotations

from pretzel.control_plane.optimize.bounds import largest
from pretzel.control_plane.optimize.folding import LARGEST_SHIFT, float64, scaled_rows
from pretzel.control_plane.optimize.graph import Graph
from pretzel.control_plane.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Affine
from pretzel.plan.parameter import Parameter


@rule(on(Affine, x=Affine))
def merge_affines(graph: Graph, outer: Affine, inner: Affine) -> Node | None:
    """``(x s + t) u + v = x (s u) + (t u + v)``.

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = affine %x scale=@s:f64[3] shift=@t:f64[3]
        %2 = affine %1 scale=@u:f64[3]
        output "y" = %2

    After::

        %x = input column="x" kind="f64[3]"
        %1 = affine %x scale=@su shift=@tu
        output "y" = %1

    Where::

        su = s * u
        tu = t * u
    """
    if graph.shared(inner) or not graph.loose(outer):
        return None
    if any(p is not None and largest(p) > LARGEST_SHIFT for p in (inner.shift, outer.shift)):
        return None  # x s near -t loses its digits when t is added late
    scale = scaled_rows(float64(inner.scale)[:, None], float64(outer.scale))
    if scale is None:
        return None
    shift = _shift(inner, outer)
    return Affine(inner.x, Parameter.of(scale.ravel()), shift)


def _shift(inner: Affine, outer: Affine) -> Parameter | None:
    if inner.shift is None:
        return outer.shift
    moved = float64(inner.shift) * float64(outer.scale)
    return Parameter.of(moved if outer.shift is None else moved + float64(outer.shift))
