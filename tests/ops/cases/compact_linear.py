"""CompactLinear: sums in the order of the columns, to the bit."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.dense import NORMS
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, arrays, matrices, sparse_matrices

OPERATOR = ops.CompactLinear


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices() | sparse_matrices())
    width, k = x.type.columns, draw(st.none() | st.integers(1, 5))
    columns = draw(st.none() | st.sets(st.integers(0, width - 1)))
    weights = draw(_weights((width if columns is None else len(columns), *([k] if k else []))))
    bias = draw(st.none() | arrays("f64", k or 1).map(Parameter.of))
    dtype = draw(st.sampled_from(["f32", "f64"] if x.type.dtype == "f32" else ["f64"]))
    norm = draw(st.sampled_from(["", *NORMS]))
    node = ops.CompactLinear(
        x, Parameter.of(weights), None if columns is None else _bits(columns, width), bias, norm, dtype
    )
    return node, {"x": value}


def _weights(shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    """Weights in each form; halves are finite, among them zeros of both signs and subnormal ones."""
    halves = arrays("u16", shape).map(lambda bits: np.where((bits & 0x7C00) == 0x7C00, bits & 0x83FF, bits))
    return halves | arrays("f32", shape) | arrays("f64", shape)


def _bits(columns: set[int], width: int) -> Parameter:
    words = np.zeros(-(-width // 64), np.uint64)
    for column in columns:
        words[column // 64] |= np.uint64(1) << np.uint64(column % 64)
    return Parameter.of(words)
