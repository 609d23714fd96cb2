"""RequireFinite: dense and sparse, NaN allowed or not; errors agree."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn, matrices, sparse_matrices, values

OPERATOR = ops.RequireFinite


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    finite = draw(st.booleans())
    x, value = draw(matrices(finite=finite) | values(finite=finite) | sparse_matrices(finite=finite))
    return ops.RequireFinite(x, "Tester", draw(st.booleans())), {"x": value}
