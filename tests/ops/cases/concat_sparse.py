"""Concat: dense and sparse parts, at least one sparse."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import ROWS, Drawn, arrays, dense_input, sparse_rows

OPERATOR = ops.Concat


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, parts, columns = draw(ROWS), [], {}
    for i, is_sparse in enumerate([*draw(st.lists(st.booleans(), max_size=3)), True]):
        name, width = f"x{i}", draw(st.integers(1, 5))
        if is_sparse:
            dtype = draw(st.sampled_from(["f32", "f64", "i64"]))
            parts.append(ops.Input(name, f"{dtype}{{{width}}}"))
            columns[name] = draw(sparse_rows(dtype, rows, width))
        else:
            dtype = draw(st.sampled_from(["bool", "i8", "i64", "f32", "f64"]))
            parts.append(dense_input(dtype, width, name))
            columns[name] = draw(arrays(dtype, (rows, width)))
    return ops.Concat(tuple(parts)), columns
