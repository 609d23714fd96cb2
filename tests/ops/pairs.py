"""Strategies for values that broadcast: of one type, and of one width or a single column."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan.ops import Input
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import ROWS, arrays, dense_input

Drawn = tuple[list[Input], dict[str, Any]]


@st.composite
def pairs(draw: st.DrawFn, dtypes: st.SearchStrategy[str], count: int) -> Drawn:
    """``count`` inputs of one type (named a, b, ...) with their values, often with ties and special values."""
    dtype, rows, width = draw(dtypes), draw(ROWS), draw(st.integers(0, 9))
    inputs, columns = [], {}
    for name in "abc"[:count]:
        columns[name] = draw(of_type(dtype, rows, draw(st.sampled_from([None, 1, width]))))
        inputs.append(dense_input(dtype, None if columns[name].ndim == 1 else columns[name].shape[1], name))
    return inputs, columns


@st.composite
def of_type(draw: st.DrawFn, dtype: str, rows: int, width: int | None) -> np.ndarray:
    """One value per row, or a matrix; with few distinct numbers in half of the examples."""
    shape = (rows,) if width is None else (rows, width)
    values = draw(arrays(dtype, shape))
    few = draw(st.booleans())
    return values if not few else (np.nan_to_num(values).astype("f8") % 3).astype(NUMPY_DTYPES[dtype])
