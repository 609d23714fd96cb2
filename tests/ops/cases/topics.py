"""Topics: rows of counts, dense and sparse, with repeated entries, empty and negative ones; few rounds and many."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Csr
from tests.ops.cases import FLOATS, ROWS, Drawn

OPERATOR = ops.Topics
TOLERANCE = 1e-3  # of float32 over all rounds; float64 differs by far less


def scale(node: ops.Topics, columns: dict[str, np.ndarray]) -> np.ndarray:
    """Return the rounding error of the largest share, after a few rounds."""
    x = columns["x"]
    dense = x.dense() if isinstance(x, Csr) else x
    eps = {"f32": 1.0, "f64": 1e-8}[node.type.dtype]
    return np.full((len(dense), node.type.columns), (np.abs(dense).max(initial=0) * dense.shape[1] + 1) * eps)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype, rows, width, k = draw(FLOATS), draw(ROWS), draw(st.integers(1, 9)), draw(st.integers(1, 9))
    counts = st.sampled_from([0.0] * 6 + [1.0, 1.0, 2.0, 7.5]) | st.sampled_from([0.0] * 30 + [-1.0])
    real = np.float32 if dtype == "f32" else np.float64
    value = np.array(draw(st.lists(counts, min_size=rows * width, max_size=rows * width)), real).reshape(rows, width)
    words = draw(st.lists(st.floats(1e-3, 1.0), min_size=k * width, max_size=k * width))
    is_sparse = draw(st.booleans())
    node = ops.Topics(
        ops.Input("x", f"{dtype}{{{width}}}" if is_sparse else f"{dtype}[{width}]"),
        Parameter.of(np.array(words, real).reshape(k, width)),
        prior=draw(st.sampled_from([0.1, 1.0])),
        tolerance=-1.0,  # never reached: the last bit could decide
        iterations=draw(st.integers(0, 6)),
    )
    return node, {"x": _stored(Csr.of(value), draw(st.integers(1, 3))) if is_sparse else value}


def _stored(x: Csr, times: int) -> Csr:
    """Return rows that store each count several times."""
    return Csr(np.repeat(x.data, times), np.repeat(x.indices, times), x.starts * times, x.width)
