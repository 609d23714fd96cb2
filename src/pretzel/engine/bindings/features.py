"""Kernels of the features and quantiles families."""

from __future__ import annotations

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node

BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Bin: (Binding("bin", "dense.features:Bin"),),
    ops.Products: (Binding("products", "dense.features:Products"),),
    ops.Interpolate: (Binding("interpolate", "dense.quantiles:Interpolate"),),
    ops.NormalProbability: (Binding("normal_probability", "dense.quantiles:NormalProbability"),),
    ops.NormalQuantile: (Binding("normal_quantile", "dense.quantiles:NormalQuantile"),),
    ops.Spline: (Binding("spline", "dense.splines:Spline"),),
    ops.WeightedMedian: (Binding("weighted_median", "dense.median:WeightedMedian"),),
    ops.Power: (Binding("power", "dense.features:Power"),),
}
