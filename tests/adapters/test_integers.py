"""Integers that the library reads differently from floats: rounded, rejected or converted to texts."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from pretzel.adapters.inputs import columns_of
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription
from pretzel.plan.types import ValueType
from pretzel.plan.values import Texts
from tests.adapters.takes import NAN, Takes, matrix


def test_fractions_are_not_rounded_to_integers():
    assert matrix("i64[1]").cut([[1.0], [2.0]])["X"].tolist() == [[1], [2]]
    with pytest.raises(InputError, match="row 1: .*1.5.* is not a valid int64"):
        matrix("i64[1]").cut([[1.0], [1.5]])
    with pytest.raises(InputError, match="row 0: .*nan.* is not a valid int64"):
        matrix("i64[1]").cut([[NAN]])


def test_integer_categories_are_converted_to_texts() -> None:
    inputs = [InputDescription("a", ValueType("str")), InputDescription("b", ValueType("f64"))]
    metadata = {"input_style": "frame", "integers_as_text": ["a"]}
    for values in ([1, -2], np.array([1, -2], np.int8), [np.int64(1), "-2"], Texts.of(["1", "-2"])):
        columns = columns_of({"a": values, "b": [1, 2]}, inputs, metadata)
        assert columns["a"].tolist() == ["1", "-2"]
        assert columns["b"].tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match=r"column 'a': row 1: expected text, got float"):
        columns_of({"a": ["1", 2.0], "b": [1, 2]}, inputs, metadata)
    with pytest.raises(InputError, match=r"column 'a'"):
        columns_of({"a": [1, 2], "b": [1, 2]}, inputs, {"input_style": "frame"})


def test_some_models_read_arrays_of_integers_in_float32():
    large = 2**24 + 1
    rounded, exact = [[large - 1.0, 2, 3]], [[float(large), 2, 3]]
    takes = matrix(integers="f32")
    for X in ([[large, 2, 3]], np.array([[large, 2, 3]]), np.array([[large, 2, 3]], np.uint32)):
        assert takes.cut(X)["X"].tolist() == rounded
        assert matrix().cut(X)["X"].tolist() == exact
    tables = [pd.DataFrame([[large, 2, 3]]), np.array(exact), scipy.sparse.csr_matrix(exact)]
    assert all(takes.cut(X)["X"].tolist() == exact for X in tables)


ROUNDED = {"integers_read": {"table": [{"inputs": ["a", "b"], "how": "round"}]}}
LARGE = 1_700_000_000_123


@pytest.mark.parametrize(
    ("b", "rounded"),
    [
        (np.array([LARGE]), True),
        (np.array([LARGE], np.uint64), False),  # with int64, NumPy promotes to float64
        (np.array([1.0]), False),
        (pd.Series([LARGE]), True),
        (pd.Series([LARGE], dtype="Int64"), False),
        ([LARGE], True),
    ],
)
def test_integers_are_rounded_if_all_of_a_group_are_integers(b: Any, rounded: bool) -> None:
    takes = Takes({"a": "f64", "b": "f64"}, {"input_style": "frame", "feature_names": ["a", "b"]} | ROUNDED)
    got = takes.cut({"a": np.array([LARGE]), "b": b})["a"][0]
    assert got == (np.float64(np.float32(LARGE)) if rounded else LARGE)


def test_integers_that_steps_read_differently_are_rejected() -> None:
    takes = matrix("f64[1]", integers_read={"array": [{"inputs": ["X"], "how": "exact"}]})
    assert takes.cut(np.array([[2**30]]))["X"].tolist() == [[2.0**30]]
    assert takes.cut(np.array([[float(LARGE)]]))["X"].tolist() == [[LARGE]]
    with pytest.raises(InputError, match=f"column 'X', row 1: {LARGE} is not a float32"):
        takes.cut(np.array([[1], [LARGE]]))


def test_integers_are_rejected_if_a_step_computes_in_their_type() -> None:
    takes = matrix("f64[1]", integers_read={"array": [{"inputs": ["X"], "how": "type", "types": ["i64"]}]})
    assert takes.cut([[3]])["X"].tolist() == [[3.0]]
    with pytest.raises(InputError, match="column 'X': the library computes in int16"):
        takes.cut(np.array([[3]], np.int16))
