"""Columns cross to side processes and back unchanged; what comes back is checked in full."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.isolation.side import forms, messages
from pretzel.isolation.side.tables import FormError
from pretzel.isolation.values import MalformedError, column_of, value_of
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Texts

NUMBERS = st.lists(st.floats(allow_nan=True), max_size=6)


def crossed(kind: ValueType, value: Any) -> Any:
    """Return a value that was written to shared memory and read again."""
    memory = os.memfd_create("test")
    try:
        length = messages.write(memory, {"rows": len(value)}, [column_of(kind, value)])
        header, arrays = messages.read(memory, length, 1 << 20)
        ((_, rows, parts),) = messages.columns_of(header, arrays)
        return value_of(kind, rows, parts)
    finally:
        os.close(memory)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.none(), max_size=6))
def test_texts_cross(texts: list[str | None]) -> None:
    assert crossed(ValueType("str"), Texts.of(texts)).tolist() == texts


@given(NUMBERS)
def test_numbers_cross(numbers: list[float]) -> None:
    array = np.array(numbers, np.float64)
    np.testing.assert_array_equal(crossed(ValueType("f64"), array), array)
    np.testing.assert_array_equal(crossed(ValueType("f64", 1), array.reshape(-1, 1)), array.reshape(-1, 1))


def test_sparse_rows_cross() -> None:
    matrix = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 3.0]])
    np.testing.assert_array_equal(crossed(ValueType("f64", 3, "sparse"), Csr.of(matrix)).dense(), matrix)


def test_lists_of_texts_cross() -> None:
    rows = [["a", "bé"], [], ["", "c"]]
    takes = {"form": "each", "lists": True}
    ((kind, count, arrays),) = forms.returned_by(takes, forms.called(str.split, takes, []) + rows)
    sent = value_of(ValueType.parse(kind), count, [part if part is None else parts(part)[0] for part in arrays])
    assert kind == "str[*]" and sent.tolist() == rows


@pytest.mark.parametrize(("lists", "result"), [(True, [["a", None]]), (True, [["a", 1]]), (False, ["a", float("nan")])])
def test_what_is_not_a_text_of_a_function_of_texts_is_rejected(lists: bool, result: list[Any]) -> None:
    with pytest.raises(FormError, match="for a text; texts have a type there"):
        forms.returned_by({"form": "each", "lists": lists}, result)


def parts(*arrays: Any) -> list[np.ndarray]:
    return [np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in arrays]


@pytest.mark.parametrize(
    ("kind", "sent", "problem"),
    [
        ("f64[2]", parts(np.zeros(3)), "part 0 has 24 bytes"),
        ("f64[2]", [], "part 0 is missing"),
        ("str", parts(np.array([104], np.uint8), np.array([1, 1], np.uint32)), "do not add up"),
        ("str", parts(np.array([0xFF, 97], np.uint8), np.array([1, 1], np.uint32)), "not UTF-8"),
        ("str", parts(np.array([0xC3, 0xA9], np.uint8), np.array([1, 1], np.uint32)), "inside a character"),
        ("str[*]", parts(np.array([97], np.uint8), np.array([1], np.uint32)), "part 3 is missing"),
        (
            "str[*]",
            [*parts(np.array([97], np.uint8), np.array([1], np.uint32)), None, *parts(np.array([0, 1, 2]))],
            "the starts of lists do not ascend",
        ),
        (
            "str[*]",
            [*parts(np.array([97], np.uint8), np.array([1], np.uint32)), None, *parts(np.array([0, 1, 0]))],
            "the starts of lists do not ascend",
        ),
        ("f64{3}", parts(np.zeros(1), np.array([3], np.int32), np.array([0, 1, 1])), "outside of its columns"),
        ("f64{3}", parts(np.zeros(1), np.array([0], np.int32), np.array([0, 2, 1])), "do not ascend"),
    ],
)
def test_malformed_columns_are_rejected(kind: str, sent: list[np.ndarray], problem: str) -> None:
    with pytest.raises(MalformedError, match=problem):
        value_of(ValueType.parse(kind), 2, sent)


def test_a_false_header_is_rejected() -> None:
    memory = os.memfd_create("test")
    try:
        os.pwrite(memory, b'{"sizes": [99999999999]}', 0)
        with pytest.raises(ValueError, match="an array of 99999999999 bytes"):
            messages.read(memory, 24, 1 << 20)
        with pytest.raises(ValueError, match="a header of 2097152 bytes"):
            messages.read(memory, 2 << 20, 1 << 20)
    finally:
        os.close(memory)


def test_numbers_that_the_type_of_the_sample_does_not_hold_are_named() -> None:
    takes = {"form": "table", "names": ["n"], "dtypes": ["int64"]}
    table = forms.given(takes, [("f64", 2, (np.array([1.0, 2.0]),))])
    assert table["n"].dtype == np.int64
    with pytest.raises(FormError, match="column 'n', row 1: expected int64 as in the sample, got 1.5"):
        forms.given(takes, [("f64", 2, (np.array([1.0, 1.5]),))])


@pytest.mark.parametrize("result", [object(), np.zeros((1, 1, 1)), np.array([1 + 2j]), np.array([{}], object)])
def test_results_without_a_type_are_rejected(result: Any) -> None:
    with pytest.raises(FormError, match="type"):
        forms.returned(result)
