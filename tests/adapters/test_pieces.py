"""Splitting and joining lose no data, and every piece fits in a message."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.adapters import pieces
from pretzel.adapters.results import result_of
from pretzel.errors import PretzelError
from pretzel.plan.values import Csr, Labels, Ragged, Texts
from pretzel.plan.wire import column_to_proto

SPACE = st.integers(0, 12)


@st.composite
def values(draw):
    rows = draw(SPACE)
    kind = draw(st.sampled_from(["dense", "matrix", "texts", "csr", "labels", "lists"]))
    if kind == "dense":
        return np.arange(rows, dtype=draw(st.sampled_from([np.int8, np.float64])))
    if kind == "matrix":
        return np.arange(rows * 3.0).reshape(rows, 3)
    if kind == "labels":
        return Labels(np.arange(rows, dtype=np.int64) % 2, ["a", "b"])
    if kind == "csr":
        return Csr.of(draw(hnp.arrays(np.float64, (rows, 4), elements=st.integers(0, 2))))
    if kind == "lists":
        return Ragged.of(draw(st.lists(st.lists(st.text(max_size=4), max_size=4), min_size=rows, max_size=rows)))
    width = draw(st.none() | st.integers(1, 3))
    count = rows * (width or 1)
    return Texts.of(draw(st.lists(st.text(max_size=4) | st.none(), min_size=count, max_size=count)), width)


def plain(value) -> str:
    if isinstance(value, Ragged):
        return repr(value.tolist())
    return repr([value.dense().tolist()] if isinstance(value, Csr) else np.asarray(result_of(value)).tolist())


@given(values(), st.lists(SPACE, max_size=3))
def test_join_inverts_split(value, cuts: list[int]):
    bounds = sorted({0, *(min(cut, len(value)) for cut in cuts), len(value)})
    bounds = bounds if len(bounds) > 1 else [0, 0]
    parts = pieces.split(value, bounds)
    assert [len(part) for part in parts] == np.diff(bounds).tolist()
    joined = pieces.join(parts)
    assert type(joined) is type(value)
    assert plain(joined) == plain(value)


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((1_000_000, 2)),
        Texts.of(["x" * (i % 3000) for i in range(3000)]),
        Csr.of(np.ones((3000, 100))),
        np.zeros(3_000_000, np.int8),
        Ragged.of([[float(i)] * (i % 300) for i in range(3000)], numbers=True),
    ],
    ids=["matrix", "texts", "sparse", "bytes", "lists"],
)
def test_pieces_fit_in_a_message_and_are_not_too_small(value):
    parts = pieces.cut({"päy": value, "rows": np.arange(len(value))})
    assert sum(len(piece["rows"]) for piece in parts) == len(value)
    assert np.concatenate([piece["rows"] for piece in parts]).tolist() == list(range(len(value)))
    sizes = [sum(column_to_proto(n, v).ByteSize() for n, v in piece.items()) for piece in parts]
    assert max(sizes) < 1 << 20
    assert min(sizes[:-1]) > 1 << 19


def test_a_row_that_is_too_large_is_a_separate_piece():
    parts = pieces.cut({"t": Texts.of(["a", "b" * (3 << 20), "c", "d"])})
    assert [len(piece["t"]) for piece in parts] == [1, 1, 2]


def test_the_size_of_answers_counts():
    assert len(pieces.cut({"x": np.zeros(1000)})) == 1
    assert len(pieces.cut({"x": np.zeros(1000)}, answer_bytes=10_000)) > 8


@pytest.mark.parametrize("columns", [{}, {"x": np.zeros(0)}, {"x": np.zeros((0, 3))}, {"t": Texts.of([])}])
def test_empty_input_is_one_piece(columns):
    assert [list(piece) for piece in pieces.cut(columns)] == [list(columns)]


def test_many_columns_leave_room_for_rows():
    parts = pieces.cut({f"column {i:05}": np.zeros(100) for i in range(12_000)})
    assert len(parts) < 160


def test_answers_of_different_types_are_rejected():
    with pytest.raises(PretzelError, match="differ in type: .*Texts.*ndarray"):
        pieces.join([np.zeros(1), Texts.of(["a"])])
