"""Columns round-trip through the wire format bit by bit, and columns that cannot be sent are named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import InputError
from pretzel.plan import wire
from pretzel.plan.values import Csr, Labels, Ragged, Texts
from tests.plan.drawn import dense_arrays, labels, lists, matrices, texts, through_the_wire


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


@given(st.text(st.characters(exclude_categories=["Cs"])), dense_arrays())
def test_dense_round_trip(name: str, array: np.ndarray):
    column = wire.column_to_proto(name, array)
    assert column.name == name
    assert same_bits(through_the_wire(column), array)


@given(texts())
def test_text_round_trip(value: Texts):
    got = through_the_wire(wire.column_to_proto("x", value))
    assert (got.width, len(got)) == (value.width, len(value))
    assert repr(got.tolist()) == repr(value.tolist())  # NaN equals itself as text


@given(matrices())
def test_sparse_round_trip(value: Csr):
    got = through_the_wire(wire.column_to_proto("x", value))
    assert (got.width, len(got)) == (value.width, len(value))
    assert same_bits(got.dense(), value.dense())


@given(lists())
def test_ragged_round_trip(value: Ragged):
    got = through_the_wire(wire.column_to_proto("x", value))
    assert len(got) == len(value)
    assert repr(got.tolist()) == repr(value.tolist())


@given(labels())
def test_labels_round_trip(value: Labels):
    got = through_the_wire(wire.column_to_proto("x", value))
    assert same_bits(got.codes, value.codes)
    assert type(got.labels) is type(value.labels)
    assert list(got.labels) == list(value.labels)


@pytest.mark.parametrize("value", [["a", "b"], np.array(["a", "b"]), np.array(["a", "b"], object)])
def test_strings_of_any_container_are_text(value):
    column = wire.column_to_proto("x", value)
    assert column.type == "str"
    assert through_the_wire(column).tolist() == ["a", "b"]


def test_a_matrix_of_strings_keeps_its_width():
    column = wire.column_to_proto("x", np.array([["a", None], ["", "é"]], object))
    assert column.type == "str[2]"
    assert through_the_wire(column).tolist() == ["a", None, "", "é"]


@pytest.mark.parametrize("array", [np.arange(3.0, dtype=">f8"), np.arange(6.0)[::2], np.ones((3, 2)).T])
def test_bytes_are_little_endian_and_row_major(array: np.ndarray):
    assert (through_the_wire(wire.column_to_proto("x", array)) == array).all()


def test_a_received_array_shares_the_message():
    array = through_the_wire(wire.column_to_proto("x", np.arange(4.0)))
    assert not array.flags.owndata and not array.flags.writeable


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (np.array(3.0), "0-d"),
        (np.zeros((1, 1, 1)), "3-d"),
        (np.zeros(1, "M8[s]"), "datetime64"),
        (np.zeros(1, complex), "complex"),
        (["a", "\ud800"], "row 1: .*lone surrogate"),
        (["a", 3], "row 1: expected text, got int"),
        (Csr.of(np.ones((2, 2), np.int32)), "sparse values of int32"),
    ],
)
def test_a_column_that_cannot_be_sent_is_named(value, problem: str):
    with pytest.raises(InputError, match=f"column 'x': .*{problem}"):
        wire.column_to_proto("x", value)


def test_columns_agree_on_rows_and_names():
    one, two = np.zeros(1), np.zeros(2)
    sent = wire.columns_to_proto({"a": one, "b": ["x"]})
    assert list(wire.columns_from_proto(sent)) == ["a", "b"]
    with pytest.raises(InputError, match="column 'b': 2 rows, but 'a' has 1"):
        wire.columns_from_proto(wire.columns_to_proto({"a": one, "b": two}))
    with pytest.raises(InputError, match="column 'a': given twice"):
        wire.columns_from_proto([sent[0], sent[0]])
