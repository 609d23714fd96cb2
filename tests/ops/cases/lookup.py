"""Lookup: texts and numbers, known, unknown and missing, with and without codes for missing values."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMPY_DTYPES
from pretzel.plan.values import none_number
from tests.ops.cases import MISSING, TEXTS, Drawn, numbers

OPERATOR = ops.Lookup
CODES = st.sampled_from([-1, 0, 7])


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype = draw(st.sampled_from(["str", "str", *NUMPY_DTYPES]))
    keys, values = draw(_texts() if dtype == "str" else _numbers(dtype))
    options = {"nan_code": draw(CODES), "none_code": draw(CODES), "refuse_unknown": draw(st.booleans()), "column": "c"}
    return ops.Lookup(ops.Input("x", dtype), keys, **options), {"x": values}


@st.composite
def _texts(draw: st.DrawFn) -> tuple[Parameter, list[Any]]:
    # Texts of more than eight bytes that differ in the last collide in the table as well.
    many = TEXTS | st.integers(0, 300).map(lambda i: f"category {i}")
    keys = draw(st.lists(many, unique=True, max_size=draw(st.sampled_from([3, 40]))))
    known = st.sampled_from(keys) if keys else many
    return Parameter.strings(keys), draw(st.lists(known | known | many | MISSING, min_size=1, max_size=8))


@st.composite
def _numbers(draw: st.DrawFn, dtype: str) -> tuple[Parameter, np.ndarray]:
    any_number = numbers(dtype).map(NUMPY_DTYPES[dtype].type)
    keys = draw(st.lists(any_number.filter(lambda x: x == x), unique_by=float, max_size=20))
    known = st.sampled_from(keys) if keys else any_number
    values = draw(st.lists(known | known | any_number, min_size=1, max_size=8))
    drawn = np.array(values, NUMPY_DTYPES[dtype])
    if drawn.dtype.kind == "f":
        drawn[np.array(draw(st.lists(st.integers(0, 3), min_size=len(drawn), max_size=len(drawn)))) == 0] = (
            none_number()
        )
    return Parameter.of(np.array(keys, NUMPY_DTYPES[dtype])), drawn
