"""Invalid request columns are rejected; the message names the column, the expected type and the actual one."""

from typing import Any

import numpy as np
import pytest

from pretzel.engine import columns
from pretzel.engine.columns import bind_column
from pretzel.errors import InputError
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Ragged, Texts
from pretzel.plan.wire import column_from_proto, column_to_proto

REJECTED = [
    ("f64[3]", np.zeros((2, 4)), r"column 'c': expected f64\[3\], got an array of float64, shape \(2, 4\)"),
    ("f64[3]", np.zeros(3), r"expected f64\[3\], got an array of float64, shape \(3,\)"),
    ("f64", np.zeros((3, 1)), "expected f64, got an array of float64"),
    ("f64", np.zeros(3, np.float32), "expected f64, got an array of float32"),
    ("f64", [1.0, 2.0], "expected f64, got list"),
    ("f64", np.zeros(3, ">f8"), "expected f64, got an array of >f8"),
    ("str", np.zeros(3), "expected str, got an array of float64"),
    ("str", ["a", 3], "column 'c', row 1: expected text, got int '3'"),
    ("str", ["a", "\ud800"], "holds a lone surrogate"),
    ("str[2]", Texts.of(["a"]), r"expected str\[2\], got 1 texts per row"),
    ("f64{3}", np.zeros((2, 3)), r"expected f64\{3\}, got an array"),
    ("f64{4}", Csr.of(np.eye(3)), r"expected f64\{4\}, got a sparse matrix of float64, width 3"),
    ("f32{3}", Csr.of(np.eye(3)), r"expected f32\{3\}, got a sparse matrix of float64"),
]


@pytest.mark.parametrize(("kind", "column", "message"), REJECTED)
def test_a_wrong_column_is_rejected_by_name(kind: str, column: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        bind_column("c", ValueType.parse(kind), column)


def _csr(indices: list[int], starts: list[int]) -> Csr:
    return Csr(np.ones(len(indices)), np.array(indices, np.int32), np.array(starts, np.int64), 3)


@pytest.mark.parametrize(
    ("indices", "starts", "message"),
    [
        ([0, 3], [0, 2], "outside columns 0..2"),
        ([0, -1], [0, 2], "outside columns 0..2"),
        ([0, 1], [0, 3], "row starts do not run from 0 to the 2 stored values"),
        ([0, 1], [0, 2, 1, 2], "row starts do not run"),
        ([0, 1], [1, 2], "row starts do not run"),
        ([], [], "row starts do not run"),
    ],
)
def test_a_sparse_column_with_invalid_indices_is_rejected(indices: list[int], starts: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        bind_column("c", ValueType.parse("f64{3}"), _csr(indices, starts))


def test_texts_whose_lengths_do_not_cover_the_bytes_are_rejected() -> None:
    texts = Texts(np.frombuffer(b"abc", np.uint8), np.array([2, 5], np.uint32))
    with pytest.raises(InputError, match="column 'c': lengths add up to 7 bytes, got 3"):
        bind_column("c", ValueType.parse("str"), texts)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("f64{3}", _csr([0, 2], [0, 2])), ("str", Texts.of(["a", "b"])), ("str[*]", Ragged.of([["a"], ["b", "c"]]))],
)
def test_a_column_is_checked_once(kind: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of messages checks a column, and binding it does not look at its numbers again."""
    message = column_to_proto("c", value)
    arrived: Any = column_from_proto(message)
    assert arrived.is_checked
    monkeypatch.setattr(columns, "_starts", lambda *_: pytest.fail("checked again"))
    monkeypatch.setattr(columns, "_check_sparse", lambda *_: pytest.fail("checked again"))
    assert bind_column("c", ValueType.parse(kind), arrived)


def test_a_contiguous_array_is_not_copied() -> None:
    array = np.zeros((4, 3))
    assert bind_column("c", ValueType.parse("f64[3]"), array) is array
    strided = np.zeros((4, 6))[:, ::2]
    assert bind_column("c", ValueType.parse("f64[3]"), strided).flags.c_contiguous


LISTS = ValueType.parse("str[*]")
NUMBERS = ValueType.parse("f64[*]")
STARTS = np.array([0, 1, 2], np.int64)


@pytest.mark.parametrize(
    ("kind", "column", "problem"),
    [
        (LISTS, ["a"], r"expected str\[\*\], got list"),
        (NUMBERS, np.zeros(2), r"expected f64\[\*\], got an array of float64"),
        (NUMBERS, Ragged(np.zeros(2, np.float32), STARTS), "expected f64, got an array of float32"),
        (LISTS, Ragged(Texts.of(["a", None]), STARTS), "a text in a list is missing"),
        (LISTS, Ragged(Texts.of(["a"]), STARTS), "row starts do not run from 0 to the 1 stored values"),
        (NUMBERS, Ragged(np.zeros(2), STARTS[::-1]), "row starts do not run"),
        (NUMBERS, Ragged(np.zeros(2), STARTS[:0]), "row starts do not run"),
    ],
)
def test_lists_that_do_not_fit_are_rejected(kind: ValueType, column: Any, problem: str) -> None:
    with pytest.raises(InputError, match=f"column 'x': {problem}"):
        bind_column("x", kind, column)
