"""The quantile transformer: each value becomes its rank, or the normal value of that rank."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats
from sklearn.preprocessing import QuantileTransformer

from pretzel.importers.columns import Columns
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.common.matrices import checked, is_sparse, vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(QuantileTransformer, alike=False)
widens(QuantileTransformer)
reads_thresholds(QuantileTransformer)

MARGIN = 1e-7  # the library snaps values this close to the ends, and keeps ranks this far from 0 and 1


@imports(QuantileTransformer)
def quantile_transformer(estimator: Any, x: Columns, step: Step) -> Methods:
    """Interpolate between the quantiles; for a normal output, its inverse distribution function, clipped."""
    node = checked(x, estimator, allow_nan=True)
    if is_sparse(node):
        raise step.refuse(
            "", "it is given a sparse matrix", "make the step before it give a dense one", about_input=True
        )
    normal = estimator.output_distribution == "normal"
    knots = np.ascontiguousarray(np.asarray(estimator.quantiles_, np.float64).T)
    if not np.isfinite(knots).all():
        raise step.refuse("", "a column had no value in training", "leave the column out")
    if normal or (knots[:, 0] < 0).any():  # absent entries stay zero, but stored zeros get the rank of zero
        step.tells_zeros_apart(x)
    levels = Parameter.of(np.asarray(estimator.references_, np.float64))
    ranks = ops.Interpolate(node, Parameter.of(knots), levels, MARGIN if normal else 0.0)
    return {"transform": _normal(ranks) if normal else ranks}


def _normal(ranks: Node) -> Node:
    wide = ranks if ranks.type.dtype == "f64" else ops.Cast(ranks, "f64")
    low, high = (stats.norm.ppf(p) for p in (MARGIN - np.spacing(1), 1 - (MARGIN - np.spacing(1))))
    width = ranks.type.columns
    clipped = ops.Clip(ops.NormalQuantile(wide), vector(low, width), vector(high, width))
    return clipped if ranks.type.dtype == "f64" else ops.Cast(clipped, "f32")
