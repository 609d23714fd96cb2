"""NearestInTree: scikit-learn's trees over a few integers, so that most rows are equally far; leaves of one row."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.neighbors import BallTree, KDTree

from pretzel.plan import ops
from pretzel.plan.ops.neighbors import TREE_METRICS
from pretzel.plan.parameter import Parameter
from tests.ops.cases import ROWS, Drawn, dense_input

OPERATOR = ops.NearestInTree
NAMES = {"squares": "euclidean", "powers": "minkowski"}
BOXES = ("squares", "manhattan", "chebyshev", "powers")
WHOLE = st.integers(-2, 3).map(float)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    width, n = draw(st.integers(1, 3)), draw(st.integers(1, 12))
    rows = draw(hnp.arrays(np.float64, (n, width), elements=WHOLE))
    metric = draw(st.sampled_from(TREE_METRICS))
    kind = draw(st.sampled_from([KDTree, BallTree] if metric in BOXES else [BallTree]))
    p = 3.0 if metric == "powers" else 2.0
    tree = kind(
        rows, leaf_size=draw(st.integers(1, 4)), metric=NAMES.get(metric, metric), **({"p": p} if p == 3 else {})
    )
    _, order, nodes, bounds = tree.get_arrays()
    spans = np.stack([nodes["idx_start"], nodes["idx_end"]], axis=1)
    high = bounds[1] if len(bounds) == 2 else np.array(nodes["radius"])
    arrays = [Parameter.of(np.ascontiguousarray(array)) for array in (rows, order, spans, bounds[0], high)]
    value = draw(
        hnp.arrays(np.float64, (draw(ROWS), width), elements=WHOLE | st.sampled_from([0.5, 1e200, np.nan, np.inf]))
    )
    return ops.NearestInTree(dense_input("f64", width), *arrays, draw(st.integers(1, n)), metric, p), {"x": value}
