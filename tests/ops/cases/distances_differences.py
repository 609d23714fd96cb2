"""Distances summed column by column: sums of nonnegative terms, without cancellation."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.linear import METRICS
from pretzel.plan.parameter import Parameter
from tests.ops import harness
from tests.ops.cases import FLOATS, Drawn, arrays, matrices

OPERATOR = ops.Distances
TOLERANCE = 1.0
PRODUCTS = ("sqeuclidean", "euclidean", "cosine")


def scale(node: ops.Distances, columns: dict[str, Any]) -> np.ndarray:
    """Return a few units in the last place of the result."""
    want = np.abs(harness.meaning(node, columns))
    return want * np.finfo(node.type.numpy).eps * 64 + np.finfo(node.type.numpy).tiny


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    metric = draw(st.sampled_from([name for name in METRICS if name not in PRODUCTS]))
    missing = metric == "nan_euclidean"
    x, value = draw(matrices(finite=True, bound=1e3))
    centers = draw(arrays(draw(FLOATS), (draw(st.integers(1, 19)), x.type.columns), finite=True, bound=1e3))
    for data in (value, centers):
        data[np.abs(data) < 1e-3] = np.nan if missing else 0
    if metric == "chi2":  # cancellation leaves no bound
        value, centers = np.abs(value), np.abs(centers)
    p = draw(st.sampled_from([1.0, 1.5, 3.0])) if metric == "powers" else 2.0
    return ops.Distances(x, Parameter.of(centers), metric, p), {"x": value}
