"""X in every form a user has it, cut as the model says."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from pretzel.adapters import inputs, integers, objects, polars, sparse
from pretzel.adapters import integer_functions as functions
from pretzel.adapters.convert import typed_columns
from pretzel.adapters.inputs import columns_of
from pretzel.adapters.tables import head
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Texts

NAN = float("nan")
ROWS = [[1, 2, 3], [4, 5, 6]]


@dataclass
class Takes:
    """What a model takes, written short."""

    inputs: dict[str, str]
    metadata: dict[str, Any]

    def cut(self, X: Any) -> dict[str, Any]:
        described = [InputDescription(name, ValueType.parse(kind)) for name, kind in self.inputs.items()]
        return columns_of(X, described, self.metadata)


def matrix(kind: str = "f64[3]", **metadata: Any) -> Takes:
    return Takes({"X": kind}, {"input_style": "matrix"} | metadata)


TEXTS = Takes({"X": "str"}, {"input_style": "texts"})
FRAME = Takes({"age": "f64", "job": "str"}, {"input_style": "frame", "feature_names": ["age", "skipped", "job"]})


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
def test_a_matrix_of_any_kind(X, kind: str):
    got = matrix(kind).cut(X)["X"]
    assert (got.dense() if isinstance(got, Csr) else got).tolist() == ROWS
    assert (got.data if isinstance(got, Csr) else got).dtype == ValueType.parse(kind).numpy


@pytest.mark.parametrize(
    ("X", "problem"),
    [
        ([[1, 2]], "column 'X': expected 3 features a row, got 2"),
        ([1, 2, 3], r"expected rows of 3 features, got an array of shape \(3,\); reshape"),
        ([[1, 2, 3], [4]], "no array"),
        ([["a", "b", "c"]], "expected numbers, got <U1"),
        (np.array([["a", 1, 2]], object), "could not convert string"),
        (np.zeros((1, 3), complex), "complex"),
        (scipy.sparse.csr_matrix((2, 4)), "expected 3 features a row, got 4"),
        (pd.DataFrame([["x", 1, 2]]), "could not convert string"),
    ],
)
def test_a_matrix_that_does_not_fit(X, problem: str):
    with pytest.raises(InputError, match=problem):
        matrix().cut(X)


def test_integers_are_not_rounded():
    assert matrix("i64[1]").cut([[1.0], [2.0]])["X"].tolist() == [[1], [2]]
    with pytest.raises(InputError, match="row 1: .*1.5.* is no int64"):
        matrix("i64[1]").cut([[1.0], [1.5]])
    with pytest.raises(InputError, match="row 0: .*nan.* is no int64"):
        matrix("i64[1]").cut([[NAN]])


def test_missing_numbers_become_nan():
    for X in ([[1, None]], pd.DataFrame({"a": pd.array([1], "Int64"), "b": pd.array([None], "Int64")})):
        assert np.isnan(matrix("f64[2]").cut(X)["X"]).tolist() == [[False, True]]


def test_one_value_a_row():
    assert matrix("f64").cut([1, 2])["X"].tolist() == [1.0, 2.0]
    assert matrix("f64").cut(np.array([[1], [2]]))["X"].tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match="expected one value a row"):
        matrix("f64").cut([[1, 2]])


def test_names_of_a_matrix_must_be_those_it_was_trained_on():
    named = matrix(feature_names=["a", "b", "c"])
    assert named.cut(pd.DataFrame(ROWS, columns=list("abc")))["X"].tolist() == ROWS
    assert named.cut(ROWS)["X"].tolist() == ROWS
    with pytest.raises(InputError, match="'c' is missing; the table has 'a', 'b', 'd'"):
        named.cut(pd.DataFrame(ROWS, columns=["a", "b", "d"]))
    with pytest.raises(InputError, match="put them in that order"):
        named.cut(pd.DataFrame(ROWS, columns=["b", "a", "c"]))
    with pytest.raises(InputError, match="'d' was not there"):
        named.cut(pd.DataFrame([[1, 2, 3, 4]], columns=list("abcd")))


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
def test_what_is_no_list_of_documents(X, problem: str):
    with pytest.raises(InputError, match=f"column 'X': {problem}"):
        TEXTS.cut(X)


def test_missing_texts_are_told_apart():
    got = TEXTS.cut(["a", None, NAN])["X"]
    assert got.missing.tolist() == [0, 2, 1]
    for series in (pd.Series(["a", pd.NA], dtype="string"), pd.Series(["a", NAN], dtype="str")):
        assert TEXTS.cut(series)["X"].missing.tolist() == [0, 1]


def test_a_matrix_of_texts():
    got = matrix("str[2]").cut(np.array([["a", None], ["b", "c"]], object))["X"]
    assert (got.width, got.tolist()) == (2, ["a", None, "b", "c"])
    with pytest.raises(InputError, match="row 1: expected text, got int '3'"):
        matrix("str[2]").cut(np.array([["a", None], ["b", 3]], object))


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
        (pd.DataFrame([[1, 2]], columns=["age", "age"]), "column 'age': the table has it twice"),
        ([[1, "x"]], r"expected 3 columns \('age', 'skipped', 'job'\), got an array of shape \(1, 2\)"),
        ([{"age": 1, "job": "x"}, {"age": 1}], "row 1: column 'job' is in some rows"),
    ],
)
def test_a_frame_that_does_not_fit(X, problem: str):
    with pytest.raises(InputError, match=problem):
        FRAME.cut(X)


def test_other_tables_by_what_they_can_do():
    class Arrow:
        column_names = ("age", "job")

        def column(self, name: str) -> Any:
            return pd.Series({"age": [1.0], "job": ["x"]}[name])

    assert FRAME.cut(Arrow())["job"].tolist() == ["x"]


def test_styles_are_guessed_where_nothing_says():
    assert Takes({"t": "str"}, {}).cut(["a"])["t"].tolist() == ["a"]
    assert Takes({"m": "f64[1]"}, {}).cut([[1]])["m"].tolist() == [[1.0]]
    assert list(Takes({"a": "f64", "b": "f64"}, {}).cut([[1, 2]])) == ["a", "b"]
    with pytest.raises(InputError, match="'hologram' is unknown to this client"):
        Takes({"t": "str"}, {"input_style": "hologram"}).cut(["a"])


def test_typed_columns_keep_their_types():
    given = {
        "f": np.zeros(2, np.float32),
        "i": [1, 2],
        "t": ["a", "b"],
        "m": np.array([["a", "b"]]),
        "s": scipy.sparse.csr_matrix(np.eye(2)),
        "p": Texts.of(["x"]),
    }
    got = typed_columns(given)
    assert (got["f"].dtype, got["i"].dtype) == (np.float32, np.int64)
    assert (got["t"].tolist(), got["m"].width, got["s"].width) == (["a", "b"], 2, 2)
    assert got["p"] is given["p"]


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


def test_integers_of_categories_that_are_known_by_their_text() -> None:
    inputs = [InputDescription("a", ValueType("str")), InputDescription("b", ValueType("f64"))]
    about = {"input_style": "frame", "integers_as_text": ["a"]}
    for given in ([1, -2], np.array([1, -2], np.int8), [np.int64(1), "-2"], Texts.of(["1", "-2"])):
        found = columns_of({"a": given, "b": [1, 2]}, inputs, about)
        assert found["a"].tolist() == ["1", "-2"]
        assert found["b"].tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match=r"column 'a': row 1: expected text, got float"):
        columns_of({"a": ["1", 2.0], "b": [1, 2]}, inputs, about)
    with pytest.raises(InputError, match=r"column 'a'"):
        columns_of({"a": [1, 2], "b": [1, 2]}, inputs, {"input_style": "frame"})


@pytest.mark.parametrize("form", [scipy.sparse.csr_matrix, scipy.sparse.coo_array])
@pytest.mark.parametrize("stored", [np.int64, np.float32, np.float64])
def test_what_a_sparse_matrix_does_not_store_is_missing_to_some_models(form, stored):
    values, rows, columns = np.array([0, 2], stored), [0, 1], [1, 2]  # a zero that is stored is a zero
    X = form((values, (rows, columns)), shape=(2, 3))
    by_position = Takes({"a": "f64", "c": "f64"}, {"input_style": "frame", "feature_names": ["a", "b", "c"]})
    for takes, absent in ((matrix(), 0.0), (matrix(absent="missing"), NAN)):
        np.testing.assert_array_equal(takes.cut(X)["X"], [[absent, 0, absent], [absent, absent, 2]])
    by_position.metadata["absent"] = "missing"
    np.testing.assert_array_equal(by_position.cut(X)["a"], [NAN, NAN])
    np.testing.assert_array_equal(by_position.cut(X)["c"], [NAN, 2])


def test_arrays_of_integers_are_float32_to_some_models():
    large = 2**24 + 1
    rounded, kept = [[large - 1.0, 2, 3]], [[float(large), 2, 3]]
    takes = matrix(integers="f32")
    for X in ([[large, 2, 3]], np.array([[large, 2, 3]]), np.array([[large, 2, 3]], np.uint32)):
        assert takes.cut(X)["X"].tolist() == rounded
        assert matrix().cut(X)["X"].tolist() == kept
    tables = [pd.DataFrame([[large, 2, 3]]), np.array(kept), scipy.sparse.csr_matrix(kept)]
    assert all(takes.cut(X)["X"].tolist() == kept for X in tables)


def test_what_decides_how_x_is_cut_is_listed_in_full() -> None:
    texts = [Path(module.__file__).read_text() for module in (functions, inputs, integers, objects, polars, sparse)]
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


ROUNDED = {"integers_read": {"table": [{"inputs": ["a", "b"], "how": "round"}]}}
LARGE = 1_700_000_000_123


@pytest.mark.parametrize(
    ("b", "rounded"),
    [
        (np.array([LARGE]), True),
        (np.array([LARGE], np.uint64), False),  # beside int64 that makes float64
        (np.array([1.0]), False),
        (pd.Series([LARGE]), True),
        (pd.Series([LARGE], dtype="Int64"), False),
        ([LARGE], True),
    ],
)
def test_integers_are_rounded_where_all_of_a_group_are_integers(b: Any, rounded: bool) -> None:
    takes = Takes({"a": "f64", "b": "f64"}, {"input_style": "frame", "feature_names": ["a", "b"]} | ROUNDED)
    got = takes.cut({"a": np.array([LARGE]), "b": b})["a"][0]
    assert got == (np.float64(np.float32(LARGE)) if rounded else LARGE)


def test_integers_that_are_read_in_two_ways_are_refused_unless_it_is_one() -> None:
    takes = matrix("f64[1]", integers_read={"array": [{"inputs": ["X"], "how": "exact"}]})
    assert takes.cut(np.array([[2**30]]))["X"].tolist() == [[2.0**30]]
    assert takes.cut(np.array([[float(LARGE)]]))["X"].tolist() == [[LARGE]]
    with pytest.raises(InputError, match=f"column 'X', row 1: {LARGE} is not a float32"):
        takes.cut(np.array([[1], [LARGE]]))


def test_integers_in_whose_type_a_step_computes() -> None:
    takes = matrix("f64[1]", integers_read={"array": [{"inputs": ["X"], "how": "type", "types": ["i64"]}]})
    assert takes.cut([[3]])["X"].tolist() == [[3.0]]
    with pytest.raises(InputError, match="column 'X': the library computes with int16 in that type"):
        takes.cut(np.array([[3]], np.int16))


def test_columns_by_position() -> None:
    takes = Takes({"0": "str", "2": "f64"}, {"input_style": "positions", "columns": 3})
    for X in ([["a", None, 1.5]], np.array([["a", None, 1.5]], object), pd.DataFrame([["a", None, 1.5]])):
        got = takes.cut(X)
        assert got["0"].tolist() == ["a"]
        assert got["2"].tolist() == [1.5]
