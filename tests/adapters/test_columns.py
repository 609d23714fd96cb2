"""Columns of tables and arrays, by name or by position."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pretzel.errors import InputError
from tests.adapters.takes import FRAME, ROWS, Takes, matrix


def test_column_names_of_a_matrix_must_be_those_of_training():
    named = matrix(feature_names=["a", "b", "c"])
    assert named.cut(pd.DataFrame(ROWS, columns=list("abc")))["X"].tolist() == ROWS
    assert named.cut(ROWS)["X"].tolist() == ROWS
    with pytest.raises(InputError, match="'c' is missing; the table has 'a', 'b', 'd'"):
        named.cut(pd.DataFrame(ROWS, columns=["a", "b", "d"]))
    with pytest.raises(InputError, match="reorder them"):
        named.cut(pd.DataFrame(ROWS, columns=["b", "a", "c"]))
    with pytest.raises(InputError, match="'d' was not in the training data"):
        named.cut(pd.DataFrame([[1, 2, 3, 4]], columns=list("abcd")))


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"job": ["x", "y"], "age": [1, 2], "extra": [0, 0]}),
        pd.DataFrame({"job": pd.Categorical(["x", "y"]), "age": pd.array([1, 2], "Int8")}),
        {"age": [1, 2], "job": np.array(["x", "y"])},
        [{"age": 1, "job": "x"}, {"age": 2, "job": "y"}],
        np.array([[1, None, "x"], [2, None, "y"]], object),
        [[1, None, "x"], [2, None, "y"]],
    ],
    ids=["frame", "categorical", "columns", "rows", "array", "lists"],
)
def test_a_frame_by_name_or_by_position(X):
    got = FRAME.cut(X)
    assert list(got) == ["age", "job"]
    assert got["age"].tolist() == [1.0, 2.0]
    assert got["job"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("X", "problem"),
    [
        (pd.DataFrame({"age": [1]}), "column 'job' is missing; the table has 'age'"),
        (pd.DataFrame({"age": ["x"], "job": ["x"]}), "column 'age': expected f64"),
        (pd.DataFrame({"age": [1], "job": [1]}), "column 'job': row 0: expected text, got int"),
        (pd.DataFrame([[1, 2]], columns=["age", "age"]), "column 'age': the table contains it twice"),
        ([[1, "x"]], r"expected 3 columns \('age', 'skipped', 'job'\), got an array of shape \(1, 2\)"),
        ([{"age": 1, "job": "x"}, {"age": 1}], "row 1: column 'job' is in some rows"),
    ],
)
def test_a_frame_that_does_not_match_is_rejected(X, problem: str):
    with pytest.raises(InputError, match=problem):
        FRAME.cut(X)


def test_other_tables_are_read_by_duck_typing():
    class Arrow:
        column_names = ("age", "job")

        def column(self, name: str) -> Any:
            return pd.Series({"age": [1.0], "job": ["x"]}[name])

    assert FRAME.cut(Arrow())["job"].tolist() == ["x"]


def test_columns_by_position() -> None:
    takes = Takes({"0": "str", "2": "f64"}, {"input_style": "positions", "columns": 3})
    for X in ([["a", None, 1.5]], np.array([["a", None, 1.5]], object), pd.DataFrame([["a", None, 1.5]])):
        got = takes.cut(X)
        assert got["0"].tolist() == ["a"]
        assert got["2"].tolist() == [1.5]
