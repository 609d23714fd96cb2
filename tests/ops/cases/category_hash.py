"""CategoryHash: texts of every length class of the hash, numbers of every type, and rejected values."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import MISSING, TEXTS, Drawn, numbers

OPERATOR = ops.CategoryHash
LENGTHS = [0, 1, 3, 4, 8, 9, 16, 17, 32, 33, 64, 65, 127, 128, 129, 200]
NUMBERS = [name for name in NUMPY_DTYPES if name not in ("bool", "u64")]


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype = draw(st.sampled_from(["str", "str", *NUMBERS]))
    values: Any = draw(st.lists(_texts() | MISSING if draw(st.integers(0, 3)) == 0 else _texts(), min_size=1))
    if dtype != "str":
        values = draw(_numbers(dtype))
    return ops.CategoryHash(ops.Input("x", dtype), "c"), {"x": values}


def _texts() -> st.SearchStrategy[str]:
    lengths = st.sampled_from(LENGTHS)
    return TEXTS | lengths.flatmap(lambda n: st.text("abcdefgh01234", min_size=n, max_size=n))


@st.composite
def _numbers(draw: st.DrawFn, dtype: str) -> np.ndarray:
    kind = NUMPY_DTYPES[dtype]
    whole = st.sampled_from([0, 1, 9, 10, 100, 127])
    if kind.kind == "f":
        whole |= st.sampled_from([-0.0, 2.0**63, -(2.0**62), -7.0, 16777216.0])
    any_number = whole | numbers(dtype) if draw(st.booleans()) else whole
    if kind.kind in "iu":
        any_number = whole | st.integers(int(np.iinfo(kind).min), int(np.iinfo(kind).max))
    return np.array(draw(st.lists(any_number, min_size=1, max_size=8)), kind)
