"""Local outlier factors: the density of a row relative to its neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.members import cast, divided
from pretzel.importers.sklearn.common.pairwise import shifted
from pretzel.importers.sklearn.neighbors.nearest import nearest
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter

reads_entries(LocalOutlierFactor, alike=False)


@imports(LocalOutlierFactor)
def local_outlier_factor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Minus the mean density of the nearest rows over the row's density, the reciprocal of its mean reachability."""
    if not estimator.novelty:
        raise step.refuse("novelty", "with novelty=False only the training rows have scores", "use novelty=True")
    count = estimator.n_neighbors_
    neighbours = nearest(estimator, x, step, count)
    reaches = Parameter.of(np.ascontiguousarray(estimator._distances_fit_X_[:, count - 1], np.float64)[None, :])
    reach_of_neighbours = ops.Gather(ops.Constant(neighbours.positions, reaches), neighbours.positions)
    ones = np.ones(count)
    reach = ops.Linear(ops.Combine((neighbours.distance, reach_of_neighbours), "maximum"), Parameter.of(ones))
    density = ops.Elementwise(shifted(divided(reach, count), 1.0, 1e-10), "reciprocal")
    weights = ops.Constant(neighbours.positions, Parameter.of(ones[None, :]))
    others = ops.Blend(neighbours.positions, weights, Parameter.of(np.ascontiguousarray(estimator._lrd, np.float64)))
    single = x.numbers().type.dtype == "f32" and estimator._fit_X.dtype == np.float32
    kind = "f32" if single else "f64"
    samples = cast(shifted(divided(ops.Combine((others, density), "quotient"), count), -1.0), kind)
    decision = cast(shifted(samples, 1.0, -float(estimator.offset_)), kind)
    sign = shifted(cast(ops.Threshold(decision, 0.0, True), "f64"), 2.0, -1.0)
    return {"predict": ops.Cast(sign, "i64"), "decision_function": decision, "score_samples": samples}
