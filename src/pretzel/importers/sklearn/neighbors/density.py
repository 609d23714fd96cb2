"""Kernel density estimation."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import KernelDensity
from sklearn.neighbors._kd_tree import kernel_norm

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.matrices import checked_dense
from pretzel.importers.sklearn.common.members import cast
from pretzel.importers.sklearn.common.pairwise import shifted
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter

_METRICS = {
    **dict.fromkeys(("euclidean", "l2"), "squares"),
    **dict.fromkeys(("manhattan", "cityblock", "l1"), "manhattan"),
    **dict.fromkeys(("chebyshev", "infinity"), "chebyshev"),
    **{name: name for name in ("canberra", "braycurtis", "hamming")},
}
_EXPONENTS = {1.0: "manhattan", 2.0: "squares", np.inf: "chebyshev"}


@imports(KernelDensity)
def kernel_density(estimator: Any, x: Columns, step: Step) -> Methods:
    """The logarithm of the mean kernel over all training rows, computed by bounds in the library's tree."""
    for option in ("atol", "rtol"):
        if getattr(estimator, option) != 0:
            reason = "within a tolerance the last bits of bounds decide where the library stops"
            raise step.refuse(option, reason, f"set {option}=0, and fit again")
    metric, p = _metric(estimator, step)
    rows, order, nodes, bounds = estimator.tree_.get_arrays()
    queries = cast(checked_dense(x, estimator, step), "f64")
    weights = _weights(estimator, len(rows))[order]
    spans = np.stack([nodes["idx_start"], nodes["idx_end"]], axis=1)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    total, bandwidth = float(estimator.tree_.sum_weight), float(estimator.bandwidth_)
    density = ops.TreeDensity(
        queries,
        rows=_floats(np.asarray(rows)[order]),
        log_weights=_floats(log_weights),
        spans=Parameter.of(np.ascontiguousarray(spans, np.int64)),
        masses=_floats([_mass(weights[begin:end]) for begin, end in spans]),
        low=_floats(bounds[0]),
        high=_floats(bounds[1] if len(bounds) == 2 else nodes["radius"]),
        total=total,
        kernel=estimator.kernel,
        bandwidth=bandwidth,
        norm=float(kernel_norm(bandwidth, np.shape(rows)[1], estimator.kernel, return_log=True)),
        metric=metric,
        p=p,
        breadth_first=bool(estimator.breadth_first),
    )
    return {"score_samples": shifted(density, 1.0, -float(np.log(total)))}


def _metric(estimator: Any, step: Step) -> tuple[str, float]:
    """Return the metric by the operator's name, and its exponent."""
    parameters, name = dict(estimator.metric_params or {}), estimator.metric
    if name in ("minkowski", "p") and parameters.keys() <= {"p"}:
        p = float(parameters.get("p", 2.0))
        return _EXPONENTS.get(p, "powers"), p if p not in _EXPONENTS else 2.0
    if name not in _METRICS or parameters:
        option = "metric_params" if name in (*_METRICS, "minkowski") else "metric"
        supported = sorted((*_METRICS, "minkowski"))
        raise step.refuse(option, "the distance is not supported", f"use one of {supported}")
    return _METRICS[name], 2.0


def _weights(estimator: Any, count: int) -> np.ndarray:
    """Return the weights of rows, which a tree exposes only to ``pickle``, as the last item of its state."""
    weights = estimator.tree_.__getstate__()[-1]
    return np.ones(count) if weights is None else np.asarray(weights, np.float64)


def _mass(weights: np.ndarray) -> float:
    """Return their sum, added in order like the library."""
    return float(np.cumsum(weights)[-1]) if len(weights) else 0.0


def _floats(values: Any) -> Parameter:
    return Parameter.of(np.ascontiguousarray(values, np.float64))
