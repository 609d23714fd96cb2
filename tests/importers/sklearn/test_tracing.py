"""Functions of users, traced: answers like scikit-learn's, alone, in batches, and for integers; and what is refused."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.feature_functions import OF_ARRAYS, OF_TABLES, ratios, titanic

RNG = np.random.default_rng(5)
X = np.where(RNG.random((40, 3)) < 0.1, np.nan, RNG.normal(0, 3, (40, 3)).round(2))
TABLE = pd.DataFrame(
    {
        "siblings": RNG.integers(0, 4, 40),
        "parents": RNG.integers(0, 4, 40),
        "fare": RNG.lognormal(2, 1, 40),
        "age": np.where(RNG.random(40) < 0.2, np.nan, RNG.integers(0, 80, 40)),
        "hour": RNG.integers(0, 24, 40).astype(float),
    }
)


def assert_equal(got: Any, want: Any) -> None:
    want, got = np.asarray(want), np.asarray(got)
    assert got.shape == want.shape
    np.testing.assert_allclose(got.astype(float), want.astype(float), rtol=1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", OF_ARRAYS)
def test_functions_of_arrays(name: str) -> None:
    model = FunctionTransformer(OF_ARRAYS[name]).fit(X)
    predictor = pretzel.compile(model)
    for rows in (X, X[:1], X[5:8]):
        got = predictor.transform(rows)
        assert_equal(got, model.transform(rows.copy()))
        assert got.dtype == model.transform(rows.copy()).dtype


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ["int64", "int32"])
@pytest.mark.parametrize("name", OF_ARRAYS)
def test_functions_of_integers(name: str, dtype: str) -> None:
    whole = RNG.integers(-5, 30, (20, 3)).astype(dtype)
    model = FunctionTransformer(OF_ARRAYS[name]).fit(X)
    assert_equal(pretzel.compile(model).transform(whole), model.transform(whole.copy()))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", OF_TABLES)
def test_functions_of_tables(name: str) -> None:
    model = FunctionTransformer(OF_TABLES[name]).fit(TABLE)
    predictor = pretzel.compile(model)
    for rows in (TABLE, TABLE.iloc[:1], TABLE.iloc[5:8], TABLE.astype(float)):
        assert_equal(predictor.transform(rows), model.transform(rows))


def test_functions_within_models() -> None:
    filled, y = TABLE.fillna(1.0), np.arange(40.0)
    columns = ColumnTransformer(
        [
            (
                "ratio",
                FunctionTransformer(lambda d: d[["fare"]].to_numpy() / (d[["age"]].to_numpy() + 1)),
                ["fare", "age"],
            ),
            ("hour", FunctionTransformer(lambda s: np.sin(s / 24).to_frame()), "hour"),
            ("rest", StandardScaler(), ["parents"]),
        ]
    )
    union = FeatureUnion([("all", "passthrough"), ("new", FunctionTransformer(ratios, kw_args={"eps": 2.0}))])
    for model, rows in (
        (make_pipeline(columns, LinearRegression()), filled),
        (make_pipeline(FunctionTransformer(titanic), StandardScaler(), LinearRegression()), filled),
        (make_pipeline(StandardScaler(), union, LinearRegression()), np.nan_to_num(X)),
    ):
        model.fit(rows, y)
        predictor = pretzel.compile(model)
        for part in (rows, rows[:1]):
            np.testing.assert_allclose(predictor.predict(part), model.predict(part), rtol=1e-9)


@pytest.mark.parametrize("two", [False, True])
def test_inverses_of_targets(two: bool) -> None:
    y = np.abs(np.nan_to_num(X[:, :2] if two else X[:, 0])) + 1.0
    regressor = TransformedTargetRegressor(
        LinearRegression(), func=lambda y: np.log(y + 2.0), inverse_func=lambda z: np.maximum(np.exp(z) - 2.0, 0.0)
    )
    model = regressor.fit(np.nan_to_num(X), y)
    predictor = pretzel.compile(model)
    for rows in (np.nan_to_num(X), np.ones((1, 3))):
        np.testing.assert_allclose(predictor.predict(rows), model.predict(rows), rtol=1e-9)


def test_columns_that_nothing_reads_may_hold_texts() -> None:
    table = TABLE.assign(name=["a", "b"] * 20)
    model = FunctionTransformer(lambda df: df.drop(columns=["name"]).assign(double=df["fare"] * 2)).fit(table)
    definition = export(model, sample=table)
    assert [node.column for node in definition.inputs] == [*TABLE]


def test_values_that_an_integer_does_not_hold_are_rejected() -> None:
    predictor = pretzel.compile(FunctionTransformer(lambda X: X.astype(int)).fit(np.eye(3)))
    with pytest.raises(InputError, match="takes finite values"):
        predictor.transform(np.full((1, 3), np.nan))


def test_integers_whose_products_wrap_are_refused_by_rules() -> None:
    rules = export(FunctionTransformer(lambda X: X * X + 1).fit(np.eye(3))).metadata["integers_read"]["array"]
    within = [rule for rule in rules if rule["how"] == "within"]
    assert within
    assert all(rule["most"]["i64"] ** 2 + 1 <= 2**53 < (4 * rule["most"]["i64"]) ** 2 for rule in within[:1])
    assert all(rule["most"]["i8"] <= 11 for rule in within[:1])
    predictor = pretzel.compile(FunctionTransformer(lambda X: X * X + 1).fit(np.eye(3)))
    large = np.array([[2**40, 3, 5]])
    assert predictor.transform(large).tolist() == (large * large + 1).tolist()


def branching(X: Any) -> Any:
    if X[:, 0] > 1:
        return X
    return -X


COUNTER = itertools.count()
LATEST = 0
ITEMS: list[int] = []


def growing(X: Any) -> Any:
    ITEMS.append(1)
    return X + len(ITEMS)


def assigning(X: Any) -> Any:
    global LATEST
    LATEST = 1
    return X


def looping(X: Any) -> Any:
    return np.array([row[0] for row in X])


def by_row_count(X: Any) -> Any:
    return X / X.shape[0]


def hiding(X: Any) -> Any:
    try:
        return X - X.mean(axis=0)
    except Exception:
        return X


REFUSED: dict[str, tuple[Any, str]] = {
    "a branch": (branching, r"test_tracing.py:\d+: `if X\[:, 0\] > 1:`, bool\(\) takes one value.*use np.where"),
    "a mean": (lambda X: X - X.mean(axis=0), "np.mean over axis 0 reads several rows together; compute it in fit"),
    "a hidden mean": (hiding, "`return X - X.mean.*np.mean over axis 0"),
    "a sum of all": (lambda X: X / np.sum(X), "np.sum over all values reads several rows"),
    "a cumulative sum": (lambda X: np.cumsum(X, axis=0), "np.cumsum is not traced"),
    "sorted": (lambda X: np.sort(X, axis=0), "np.sort is not traced"),
    "random numbers": (lambda X: X + np.random.normal(size=3), "np.random.normal depends on more than the row"),
    "random": (lambda X: X + random.random(), "random.random depends on more than the row"),
    "state": (lambda X: X + next(COUNTER), "two runs of it differ"),
    "a growing list": (growing, "two runs of it differ"),
    "a global name": (assigning, "it changes names outside of itself"),
    "a loop": (looping, r"`return np.array\(\[row\[0\] for row in X\]\)`, it loops over rows"),
    "rows of a condition": (lambda X: X[X[:, 0] > 0], "it selects the rows of a condition"),
    "first row": (lambda X: X - X[0], r"it selects rows: X\[0\]"),
    "the number of rows": (by_row_count, "the number of rows reads several rows together"),
    "a file": (lambda X: X + len(open("/dev/null").read()), r"open\(\) reads or writes outside"),
    "an unknown call": (lambda X: np.linalg.inv(X), "np.inv is not traced"),
    "transposed": (lambda X: X.T, "the transposed matrix reads several rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_ends_a_trace(name: str) -> None:
    function, problem = REFUSED[name]
    model = FunctionTransformer(function)
    model.n_features_in_ = 3
    with pytest.raises(UnsupportedError, match=f"functiontransformer: .*func=.*{problem}") as caught:
        export(model)
    assert "test_tracing.py:" in str(caught.value)


OF_ROWS: dict[str, tuple[Any, str]] = {
    "a rank": (lambda df: df.rank(), ".rank reads several rows"),
    "a shift": (lambda df: df.assign(last=df["fare"].shift(1)), ".shift reads several rows"),
    "a mean": (lambda df: df.assign(d=df["fare"] - df["fare"].mean()), ".mean reads several rows"),
    "dropped rows": (lambda df: df[df["fare"] > 3], "it selects the rows of a condition"),
    "texts": (lambda df: df["fare"].round(1).astype(str).to_frame(), r"\.astype\(str\) of float64 is not traced"),
    "an unknown method": (lambda df: df.stack(), ".stack is not traced"),
}


@pytest.mark.parametrize("name", OF_ROWS)
def test_what_ends_a_trace_of_a_table(name: str) -> None:
    function, problem = OF_ROWS[name]
    with pytest.raises(UnsupportedError, match=problem):
        export(FunctionTransformer(function).fit(TABLE))


def test_a_difference_shows_the_row() -> None:
    def hidden(X: Any) -> Any:
        return X + 1.0 if type(X) is np.ndarray else X

    model = FunctionTransformer(hidden).fit(np.eye(3))
    with pytest.raises(UnsupportedError, match=r"on \{'X': \[.*it returned .*, and its operators "):
        export(model)


def test_texts_are_not_read_as_numbers() -> None:
    table = pd.DataFrame({"x": [1.0, 2.0]})
    model = pretzel.compile(make_pipeline(FunctionTransformer(lambda df: df[["x"]] + 2 * df[["x"]])).fit(table))
    assert np.asarray(model.transform(table.astype(object))).tolist() == [[3], [6]]
    with pytest.raises(InputError, match=r"column 'x', row 0: '1.0' is a text, .* computes with numbers; convert it"):
        model.transform(table.astype({"x": str}))
