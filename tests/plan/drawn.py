"""Hypothesis strategies for columns, and a round trip through the wire format."""

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from pretzel.plan import wire
from pretzel.plan.types import NUMPY_DTYPES
from pretzel.plan.values import Csr, Labels, Ragged, Texts
from pretzel.v1 import values_pb2

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SIZES = st.integers(0, 5)


@st.composite
def dense_arrays(draw) -> np.ndarray:
    shape = (draw(SIZES), *draw(st.lists(SIZES, max_size=1)))
    return draw(hnp.arrays(draw(st.sampled_from([*NUMPY_DTYPES.values()])), shape))


@st.composite
def texts(draw) -> Texts:
    width = draw(st.none() | st.integers(1, 3))
    values = draw(st.lists(TEXT | st.none() | st.just(float("nan")), max_size=4)) * (width or 1)
    return Texts.of(values, width)


@st.composite
def matrices(draw) -> Csr:
    dtype = draw(st.sampled_from(["<f4", "<f8", "<i8"]))
    return Csr.of(draw(hnp.arrays(dtype, (draw(SIZES), draw(SIZES)), elements=st.integers(-2, 2))))


@st.composite
def lists(draw) -> Ragged:
    numbers = draw(st.booleans())
    rows = draw(st.lists(st.lists(st.floats() if numbers else TEXT, max_size=4), max_size=4))
    return Ragged.of(rows, numbers=numbers)


@st.composite
def labels(draw) -> Labels:
    table = draw(st.lists(TEXT, min_size=1, max_size=4, unique=True) | hnp.arrays("<i4", 3))
    codes = draw(st.lists(st.integers(0, len(table) - 1), max_size=5))
    return Labels(np.array(codes, np.int64), table)


def through_the_wire(column: values_pb2.Column) -> wire.Value:
    return wire.column_from_proto(values_pb2.Column.FromString(column.SerializeToString()))
