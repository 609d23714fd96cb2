"""Conversion of X in every input form to the columns of a model."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from pretzel.adapters import (
    column_forms,
    columns,
    dates,
    fractions,
    inputs,
    integers,
    kinds,
    objects,
    polars,
    rejections,
    sparse,
    text_types,
)
from pretzel.adapters import integer_functions as functions
from pretzel.adapters.convert import typed_columns
from pretzel.adapters.tables import head
from pretzel.errors import InputError
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Texts
from tests.adapters.takes import FRAME, NAN, ROWS, TEXTS, Takes, matrix


@pytest.mark.parametrize(
    "X",
    [
        ROWS,
        np.array(ROWS),
        np.array(ROWS, np.float32),
        np.array(ROWS, np.uint8),
        np.array(ROWS, ">f8"),
        np.array(ROWS, object),
        np.asfortranarray(ROWS),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS, columns=["a", "b", "c"]),
        pd.DataFrame(ROWS, columns=["a", "b", "c"]).astype("Int64"),
        scipy.sparse.csr_matrix(ROWS),
        scipy.sparse.coo_array(np.array(ROWS)),
        scipy.sparse.dok_array(np.array(ROWS)),
    ],
    ids=lambda X: f"{type(X).__name__}-{getattr(X, 'dtype', '')}",
)
@pytest.mark.parametrize("kind", ["f64[3]", "f32[3]", "i64[3]", "f64{3}"])
def test_a_matrix_in_any_form(X, kind: str):
    got = matrix(kind).cut(X)["X"]
    assert (got.dense() if isinstance(got, Csr) else got).tolist() == ROWS
    assert (got.data if isinstance(got, Csr) else got).dtype == ValueType.parse(kind).numpy


@pytest.mark.parametrize(
    ("X", "problem"),
    [
        ([[1, 2]], "column 'X': expected 3 features per row, got 2"),
        ([1, 2, 3], r"expected rows of 3 features, got an array of shape \(3,\); reshape"),
        ([[1, 2, 3], [4]], "cannot convert list to an array"),
        ([["a", "b", "c"]], "expected numbers, got <U1"),
        (np.array([["a", 1, 2]], object), "could not convert string"),
        (np.zeros((1, 3), complex), "complex"),
        (scipy.sparse.csr_matrix((2, 4)), "expected 3 features per row, got 4"),
        (pd.DataFrame([["x", 1, 2]]), "could not convert string"),
    ],
)
def test_a_matrix_that_does_not_match_is_rejected(X, problem: str):
    with pytest.raises(InputError, match=problem):
        matrix().cut(X)


def test_missing_numbers_become_nan():
    for X in ([[1, None]], pd.DataFrame({"a": pd.array([1], "Int64"), "b": pd.array([None], "Int64")})):
        assert np.isnan(matrix("f64[2]").cut(X)["X"]).tolist() == [[False, True]]


def test_one_value_per_row():
    assert matrix("f64").cut([1, 2])["X"].tolist() == [1.0, 2.0]
    assert matrix("f64").cut(np.array([[1], [2]]))["X"].tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match="expected one value per row"):
        matrix("f64").cut([[1, 2]])


@pytest.mark.parametrize(
    "X", [["é", ""], ("é", ""), np.array(["é", ""]), np.array(["é", ""], object), pd.Series(["é", ""])]
)
def test_documents(X):
    assert TEXTS.cut(X)["X"].tolist() == ["é", ""]


def test_documents_from_a_generator():
    assert TEXTS.cut(text for text in "ab")["X"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("X", "problem"),
    [
        ("one", "expected a list of documents, got one string; put it in a list"),
        (["a", 3], "row 1: expected text, got int '3'"),
        ([b"a"], "row 0: expected text, got bytes"),
        (["\udcff"], "row 0: .*lone surrogate"),
        (np.array([["a"]]), "expected a list of documents, got ndarray"),
        (pd.DataFrame({"t": ["a"]}), "expected a list of documents, got DataFrame; pass the column"),
        ({"t": ["a"]}, "expected a list of documents, got dict"),
        (None, "expected a list of documents, got NoneType"),
        (3, "expected a list of documents, got int"),
    ],
)
def test_values_other_than_lists_of_documents_are_rejected(X, problem: str):
    with pytest.raises(InputError, match=f"column 'X': {problem}"):
        TEXTS.cut(X)


def test_missing_texts_are_distinguished():
    got = TEXTS.cut(["a", None, NAN])["X"]
    assert got.missing.tolist() == [0, 2, 1]
    for series in (pd.Series(["a", pd.NA], dtype="string"), pd.Series(["a", NAN], dtype="str")):
        assert TEXTS.cut(series)["X"].missing.tolist() == [0, 1]


def test_a_matrix_of_texts():
    got = matrix("str[2]").cut(np.array([["a", None], ["b", "c"]], object))["X"]
    assert (got.width, got.tolist()) == (2, ["a", None, "b", "c"])
    with pytest.raises(InputError, match="row 1: expected text, got int '3'"):
        matrix("str[2]").cut(np.array([["a", None], ["b", 3]], object))


def test_styles_are_guessed_without_metadata():
    assert Takes({"t": "str"}, {}).cut(["a"])["t"].tolist() == ["a"]
    assert Takes({"m": "f64[1]"}, {}).cut([[1]])["m"].tolist() == [[1.0]]
    assert list(Takes({"a": "f64", "b": "f64"}, {}).cut([[1, 2]])) == ["a", "b"]
    with pytest.raises(InputError, match="'hologram' is unknown to this client"):
        Takes({"t": "str"}, {"input_style": "hologram"}).cut(["a"])


def test_typed_columns_keep_their_types():
    columns = {
        "f": np.zeros(2, np.float32),
        "i": [1, 2],
        "t": ["a", "b"],
        "m": np.array([["a", "b"]]),
        "s": scipy.sparse.csr_matrix(np.eye(2)),
        "p": Texts.of(["x"]),
    }
    got = typed_columns(columns)
    assert (got["f"].dtype, got["i"].dtype) == (np.float32, np.int64)
    assert (got["t"].tolist(), got["m"].width, got["s"].width) == (["a", "b"], 2, 2)
    assert got["p"] is columns["p"]


@pytest.mark.parametrize(
    "X",
    [
        ROWS,
        np.array(ROWS),
        pd.DataFrame(ROWS),
        {"a": [1, 2]},
        *(scipy.sparse.csr_matrix(ROWS).asformat(form) for form in ("csr", "coo", "dok", "dia")),
    ],
)
def test_head(X):
    first = head(X, 1)
    assert (len(first["a"]) if isinstance(first, dict) else np.shape(first)[0]) == 1


@pytest.mark.parametrize("form", [scipy.sparse.csr_matrix, scipy.sparse.coo_array])
@pytest.mark.parametrize("stored", [np.int64, np.float32, np.float64])
def test_some_models_read_entries_not_stored_as_missing(form, stored):
    values, rows, columns = np.array([0, 2], stored), [0, 1], [1, 2]  # a stored zero is a zero
    X = form((values, (rows, columns)), shape=(2, 3))
    by_position = Takes({"a": "f64", "c": "f64"}, {"input_style": "frame", "feature_names": ["a", "b", "c"]})
    for takes, absent in ((matrix(), 0.0), (matrix(absent="missing"), NAN)):
        np.testing.assert_array_equal(takes.cut(X)["X"], [[absent, 0, absent], [absent, absent, 2]])
    by_position.metadata["absent"] = "missing"
    np.testing.assert_array_equal(by_position.cut(X)["a"], [NAN, NAN])
    np.testing.assert_array_equal(by_position.cut(X)["c"], [NAN, 2])


def test_every_metadata_key_that_is_read_is_listed() -> None:
    texts = [
        Path(module.__file__).read_text()
        for module in (
            *(
                column_forms,
                columns,
                dates,
                fractions,
                functions,
                inputs,
                integers,
                kinds,
                objects,
                polars,
                rejections,
                sparse,
                text_types,
            ),
        )
    ]
    read = re.findall(r'metadata(?:\.get\(|\[)["\'](\w+)["\']', "".join(texts))
    assert {*read} == {*inputs.DECIDES}


NOTHING = {
    "matrix": (matrix(), np.empty((0, 3))),
    "sparse": (matrix("f64{3}"), scipy.sparse.csr_matrix((0, 3))),
    "texts": (TEXTS, []),
    "array of texts": (TEXTS, np.array([], object)),
    "frame": (FRAME, pd.DataFrame({"age": np.empty(0), "job": np.empty(0, object)})),
}


@pytest.mark.parametrize("form", NOTHING)
def test_no_rows_are_rejected_in_every_form(form: str):
    takes, X = NOTHING[form]
    with pytest.raises(InputError, match="^X: found 0 samples, while a minimum of 1 is required$"):
        takes.cut(X)
