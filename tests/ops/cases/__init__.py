"""One module per operator: `OPERATOR`, `strategy()` of (node, columns), and `TOLERANCE` if floats may differ.

`strategy()` draws a graph that holds the operator and a value for each of its inputs, all of the same number of rows
(at least one).  Without `TOLERANCE` kernel and reference agree to the bit; with it `|got - want| <= TOLERANCE * scale`,
where the scale is `|want|`, or what a function `scale(node, columns)` of the module returns.  Columns are as references
take them: arrays, `Csr`, lists of texts, lists of lists of texts for a matrix of texts.  An operator may have several
modules.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan.node import Node
from pretzel.plan.ops import Input
from pretzel.plan.types import NUMPY_DTYPES
from pretzel.plan.values import Csr

Drawn = tuple[Node, dict[str, Any]]

_ODD = {
    "f32": [0.0, -0.0, 1.0, -1.0, float("nan"), float("inf"), -float("inf"), 1e-45, -1e-45, 1.1754944e-38, 3.4e38, 0.1],
    "f64": [0.0, -0.0, 1.0, -1.0, float("nan"), float("inf"), -float("inf"), 5e-324, -5e-324, 2.3e-308, 1.7e308, 0.1],
}
ROWS = st.integers(1, 6)
WIDTHS = st.integers(1, 19)  # past the lanes of every vector kernel, with a tail
FLOATS = st.sampled_from(["f32", "f64"])


def numbers(dtype: str, *, finite: bool = False, bound: float | None = None) -> st.SearchStrategy[Any]:
    """Elements of a type, often special values and ties, and within `bound` if given."""
    if dtype not in _ODD:
        return hnp.from_dtype(NUMPY_DTYPES[dtype])
    odd = [x for x in _ODD[dtype] if (np.isfinite(x) or not finite) and (bound is None or not abs(x) > bound)]
    limit = None if bound is None else float(NUMPY_DTYPES[dtype].type(bound))
    width = 32 if dtype == "f32" else 64
    any_float = st.floats(None if limit is None else -limit, limit, width=width, allow_nan=not finite and limit is None)
    return st.sampled_from(odd) | (any_float.filter(np.isfinite) if finite else any_float)


def arrays(dtype: str, shape: int | tuple[int, ...], **options: Any) -> st.SearchStrategy[np.ndarray]:
    """Arrays of a type, with the elements of :func:`numbers`."""
    return hnp.arrays(NUMPY_DTYPES[dtype], shape, elements=numbers(dtype, **options))


@st.composite
def sparse_rows(draw: st.DrawFn, dtype: str, rows: int, width: int, **options: Any) -> Csr:
    """Sparse rows: empty ones, stored zeros, columns ascending, sometimes one of them twice."""
    alone = draw(st.integers(0, 3))
    columns = st.lists(st.integers(0, width - 1), max_size=width, unique=bool(alone)).map(sorted)
    chosen = [draw(columns) if width else [] for _ in range(rows)]
    starts = np.cumsum([0, *map(len, chosen)]).astype(np.int64)
    data = draw(arrays(dtype, int(starts[-1]), **options))
    return Csr(data, np.array([c for row in chosen for c in row], np.int32), starts, width)


def dense_input(dtype: str, width: int | None, name: str = "x") -> Input:
    """An input of one value per row, or of a matrix."""
    return Input(name, dtype if width is None else f"{dtype}[{width}]")


@st.composite
def matrices(draw: st.DrawFn, dtypes: st.SearchStrategy[str] = FLOATS, **options: Any) -> tuple[Input, np.ndarray]:
    """A dense input named x, with its value."""
    dtype, rows, width = draw(dtypes), draw(ROWS), draw(WIDTHS)
    return dense_input(dtype, width), draw(arrays(dtype, (rows, width), **options))


@st.composite
def values(draw: st.DrawFn, dtypes: st.SearchStrategy[str] = FLOATS, **options: Any) -> tuple[Input, np.ndarray]:
    """A dense input named x of one value per row, with its value."""
    dtype, rows = draw(dtypes), draw(ROWS)
    return dense_input(dtype, None), draw(arrays(dtype, rows, **options))


@st.composite
def sparse_matrices(draw: st.DrawFn, dtypes: st.SearchStrategy[str] = FLOATS, **options: Any) -> tuple[Input, Csr]:
    """A sparse input named x, with its value."""
    dtype, rows, width = draw(dtypes), draw(ROWS), draw(WIDTHS)
    return Input("x", f"{dtype}{{{width}}}"), draw(sparse_rows(dtype, rows, width, **options))


TEXTS = st.text(max_size=8) | st.sampled_from(["", "a", "Äpfel", "ß", "a b", "\u3000x", "𝔘"])
MISSING = st.sampled_from([None, float("nan")])
