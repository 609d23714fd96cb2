"""Distances from products; a Euclidean one near zero keeps half the digits of its square."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, Drawn, arrays, matrices, sparse_matrices

OPERATOR = ops.Distances
TOLERANCE = 1.0


def scale(node: ops.Distances, columns: dict[str, Any]) -> np.ndarray:
    """Return the rounding error of the largest term, or its root if the metric takes the root of a difference."""
    x = columns["x"]
    x = x if isinstance(x, np.ndarray) else x.dense()
    reach = np.abs(x).max(initial=0) + np.abs(node.centers.array).max(initial=0)
    eps = np.finfo(node.type.numpy).eps * 8 * (x.shape[1] + 1)
    bound = {"sqeuclidean": reach**2 * eps, "euclidean": reach * np.sqrt(eps), "cosine": eps * 16}
    return np.full((len(x), node.type.columns), bound[node.metric] + 1e-300)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    is_sparse = draw(st.booleans())
    metric = draw(st.sampled_from(["euclidean"] if is_sparse else ["sqeuclidean", "euclidean", "cosine"]))
    # Above the square root of the smallest number, so that cosines are not quotients of denormals.
    x, value = draw((sparse_matrices if is_sparse else matrices)(finite=True, bound=1e3))
    data = value.data if is_sparse else value
    data[np.abs(data) < 1e-3] = 0
    centers = draw(arrays(draw(FLOATS), (draw(st.integers(1, 10)), x.type.columns), finite=True, bound=1e3))
    centers[np.abs(centers) < 1e-3] = 0
    return ops.Distances(x, Parameter.of(centers), metric), {"x": value}
