"""TreeDensity over scikit-learn's trees: at training rows, between them and far away, weighted or not."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.neighbors import BallTree, KDTree

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.density import DENSITY_KERNELS
from pretzel.plan.ops.neighbors import TREE_METRICS
from pretzel.plan.parameter import Parameter
from tests.ops.cases import ROWS, Drawn, dense_input

OPERATOR = ops.TreeDensity
TOLERANCE = 1e-9
NAMES = {"squares": "euclidean", "powers": "minkowski"}
BOXES = ("squares", "manhattan", "chebyshev", "powers")
ODD = st.sampled_from([0.5, 40.0, -1e3, np.inf, np.nan])
NUMBERS = st.integers(-2, 3).map(float) | st.sampled_from([0.1, 0.35, -1.7])


def scale(node: Node, columns: dict[str, Any]) -> np.ndarray:
    """Return one per row, because densities are logarithms."""
    return np.ones(len(columns["x"]))


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    width, n = draw(st.integers(1, 3)), draw(st.integers(1, 12))
    rows = draw(hnp.arrays(np.float64, (n, width), elements=NUMBERS))
    metric = draw(st.sampled_from(TREE_METRICS))
    kind = draw(st.sampled_from([KDTree, BallTree] if metric in BOXES else [BallTree]))
    options = {"p": 3.0} if metric == "powers" else {}
    tree = kind(rows, leaf_size=draw(st.integers(1, 4)), metric=NAMES.get(metric, metric), **options)
    _, order, nodes, bounds = tree.get_arrays()
    weights = draw(st.just(np.ones(n)) | hnp.arrays(np.float64, n, elements=st.sampled_from([0.0, 0.5, 1.0, 3.0])))
    spans = np.stack([nodes["idx_start"], nodes["idx_end"]], axis=1)
    masses = np.array([weights[order][a:b].sum() for a, b in spans])
    high = bounds[1] if len(bounds) == 2 else np.array(nodes["radius"])
    with np.errstate(divide="ignore"):
        arrays = [rows[order], np.log(weights[order]), spans, masses, bounds[0], high]
    value = draw(hnp.arrays(np.float64, (draw(ROWS), width), elements=NUMBERS | ODD))
    node = ops.TreeDensity(
        dense_input("f64", width),
        *(Parameter.of(np.ascontiguousarray(array)) for array in arrays),
        total=max(float(weights.sum()), 0.5),
        kernel=draw(st.sampled_from(DENSITY_KERNELS)),
        bandwidth=draw(st.sampled_from([0.3, 1.0, 2.5])),
        norm=draw(st.sampled_from([0.0, -1.5])),
        metric=metric,
        p=options.get("p", 2.0),
        breadth_first=draw(st.booleans()),
    )
    return node, {"x": value}
