"""Functions of users that read numbers from texts, and integers from floats; functions of pandas given as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import InputError

ROWS = pd.DataFrame(
    {
        "price": ["$1,250.00", "$7.5", "$-3", "$1e3", "$ 12 ", "$\u0663"],
        "count": ["12", " 7 ", "-3", "1_000", "007", "+5"],
        "size": ["10cm", "7.5cm", "0cm", "3e1cm", "nancm", "infcm"],
        "x": [1.5, -2.5, 1e15, 2.0**53 + 2, -0.0, 3.999],
    }
)


def or_minus_one(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


FUNCTIONS: dict[str, Any] = {
    "astype(float)": lambda df: df["price"].str.replace("$", "").str.replace(",", "").astype(float).to_frame(),
    "astype(int)": lambda df: df[["count"]].astype(int),
    "astype of some": lambda df: df.astype({"count": "float64"})[["count", "x"]],
    "astype(float32)": lambda df: df["count"].astype("float32").to_frame(),
    "float of one": lambda df: df["size"].apply(lambda text: float(text[:-2])).to_frame(),
    "int of one": lambda df: df["count"].map(lambda text: int(text) * 2).to_frame(),
    "an error that is caught": lambda df: df["price"].str.strip("$").apply(or_minus_one).to_frame(),
    "part of a pattern": lambda df: df["size"].str.extract(r"(\d+)", expand=False).astype(float).to_frame(),
    "to_numeric, coerced": lambda df: pd.to_numeric(df["price"].str.strip("$"), errors="coerce").to_frame(),
    "int of floats": lambda df: df["x"].apply(lambda value: int(value)).to_frame(),
    "a loop": lambda df: np.array([[int(value) + 1] for value in df["x"]]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_of_texts(name: str) -> None:
    model = FunctionTransformer(FUNCTIONS[name]).fit(ROWS)
    predictor = pretzel.compile(model, sample=ROWS)
    for rows in (ROWS, *(ROWS[i : i + 1] for i in range(len(ROWS)))):
        want, got = (np.asarray(one.transform(rows), float) for one in (model, predictor))
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("astype(int)", "count", "7.5"),
        ("int of one", "count", "seven"),
        ("astype(float)", "price", "1 250"),
        ("float of one", "size", "cm"),
        ("int of floats", "x", np.nan),
        ("int of floats", "x", np.inf),
    ],
)
def test_what_is_no_number_is_rejected(name: str, column: str, value: Any) -> None:
    model = FunctionTransformer(FUNCTIONS[name]).fit(ROWS)
    rows = ROWS.copy()
    rows.loc[2, column] = value
    with pytest.raises((ValueError, OverflowError)):
        model.transform(rows)
    with pytest.raises(
        InputError, match="row 2: the function raises an error for it|row 2: a text that spells no number"
    ):
        pretzel.compile(model, sample=ROWS).transform(rows)


def test_integers_of_texts_that_float64_does_not_hold_are_rejected() -> None:
    model = FunctionTransformer(FUNCTIONS["astype(int)"]).fit(ROWS)
    rows = ROWS.assign(count=str(2**53 + 1))
    with pytest.raises(InputError, match="a text spells an integer from 2\\^53 on"):
        pretzel.compile(model, sample=ROWS).transform(rows)


HOLES = pd.DataFrame({"a": [1.0, np.nan, 3.0, -2.0], "b": [0.5, 2.0, np.nan, 4.0]})
NAMED: dict[str, Any] = {
    "pd.isna": (pd.isna, {}),
    "pd.notna": (pd.notna, {}),
    "pd.DataFrame": (pd.DataFrame, {}),
    "pd.DataFrame of columns": (pd.DataFrame, {"columns": ["b"]}),
    "pd.DataFrame.fillna": (pd.DataFrame.fillna, {"value": 0.0}),
    "pd.DataFrame.sum": (pd.DataFrame.sum, {"axis": 1}),
}


@pytest.mark.parametrize("name", NAMED)
def test_functions_of_pandas(name: str) -> None:
    function, options = NAMED[name]
    model = FunctionTransformer(function, kw_args=options).fit(HOLES)
    want, got = model.transform(HOLES), pretzel.compile(model, sample=HOLES).transform(HOLES)
    assert got.shape == want.shape
    np.testing.assert_array_equal(np.asarray(got, float), want.to_numpy(float))


def test_a_table_of_an_array() -> None:
    X = np.random.default_rng(0).normal(size=(12, 2))
    model = make_pipeline(FunctionTransformer(pd.DataFrame), LinearRegression()).fit(X, X[:, 0])
    np.testing.assert_allclose(pretzel.compile(model).predict(X), model.predict(X), rtol=1e-9)
