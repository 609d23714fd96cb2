"""Linear over sparse rows: every sum in the order of the stored values, to the bit."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, Drawn, arrays, sparse_matrices

OPERATOR = ops.Linear


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(sparse_matrices())
    k, dtype = draw(st.none() | st.integers(1, 9)), draw(FLOATS)
    weights = draw(arrays(dtype, (x.type.columns,) if k is None else (x.type.columns, k)))
    bias = draw(st.none() | arrays(dtype, k or 1).map(Parameter.of))
    return ops.Linear(x, Parameter.of(weights), bias), {"x": value}
