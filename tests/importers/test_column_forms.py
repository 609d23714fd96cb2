"""Columns of types with which pandas or polars compute by rules of their own: the library's answers, or a rejection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import category_encoders
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import skrub
from feature_engine import encoding, imputation
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export

RNG = np.random.default_rng(17)
ROWS = 40
WORDS = np.array(["red", "Blue", "gr", "3", " ", ""])
TABLE = pd.DataFrame(
    {
        "a": RNG.normal(size=ROWS).round(2) * 10,
        "b": RNG.integers(0, 9, ROWS),
        "f": RNG.random(ROWS) < 0.5,
        "w": RNG.choice(WORDS, ROWS),
    }
)
HOLES = TABLE.assign(
    a=TABLE["a"].mask(np.arange(ROWS) % 3 == 1), w=TABLE["w"].mask(np.arange(ROWS) % 4 == 1), b=TABLE["b"].astype(float)
)
Function = Callable[[pd.DataFrame], Any]
FUNCTIONS: dict[str, Function] = {
    "equal": lambda d: (d["a"] == 0).to_frame(),
    "chosen": lambda d: np.where(d["f"], d["a"], d["b"])[:, None],
    "filled": lambda d: np.nan_to_num(d[["a"]]),
    "largest": lambda d: np.fmax(d["a"], 0).to_frame(),
    "looked up": lambda d: d["b"].map({0: 1.5, 1: 2.5}).fillna(0).to_frame(),
    "added": lambda d: (d["a"] + d["b"]).to_frame(),
    "constant": lambda d: np.where(d["a"] > 0, d["b"], -1).reshape(-1, 1),
    "beyond": lambda d: np.where(d["a"] > 0, d["b"], 1000).reshape(-1, 1),
    "product": lambda d: d[["b"]] * 10**10 * 10**10,
    "digits": lambda d: d["w"].str.isdecimal().to_frame(),
    "red": lambda d: (d["w"] == "red").to_frame(),
    "found": lambda d: d["w"].str.find("e").to_frame(),
    "known": lambda d: d["w"].fillna("none").isin(["red", "none"]).to_frame(),
}


class Flags(TransformerMixin, BaseEstimator):
    """A class of one's own."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> Flags:
        self.level_ = 0.0
        return self

    def transform(self, X: pd.DataFrame) -> Any:
        return np.column_stack([X["a"] > self.level_, X["a"]])


def tables() -> Iterator[tuple[str, Any]]:
    flags = pd.Series([True, None, False, np.nan] * (ROWS // 4), dtype=object)
    for name, table in (("whole", TABLE), ("holes", HOLES)):
        yield name, table
        yield f"nullable {name}", table.convert_dtypes()
        yield f"polars {name}", pl.from_pandas(table)
    yield "arrow", HOLES.convert_dtypes(dtype_backend="pyarrow")
    yield "objects", HOLES.astype({"w": object}).assign(w=lambda d: d["w"].where(d["w"].notna(), None))
    yield "small", TABLE.assign(b=TABLE["b"].astype(np.uint8))
    yield "booleans", TABLE.assign(b=TABLE["f"])
    yield "None", TABLE.assign(f=flags)
    yield "large", TABLE.assign(b=pd.array([2**40] * ROWS, "Int64"))
    yield "Arrow table", pa.Table.from_pandas(TABLE, preserve_index=False)
    yield "rows", TABLE.to_dict("records")


def values(answer: Any) -> list[Any]:
    """Return the values of an answer, with None for every missing one."""
    array = answer.to_numpy() if hasattr(answer, "to_numpy") else np.asarray(answer)
    flat = array.astype(object).ravel().tolist()
    return [None if value is None or value is pd.NA or value != value else value for value in flat]


def check(estimator: Any, predictor: Any, method: str, name: str, X: Any) -> str:
    """Compare the answers, and return whether the library raised, Pretzel refused, or both answered."""
    try:
        want = values(getattr(estimator, method)(X))
    except Exception:
        return "raised"
    try:
        got = values(getattr(predictor, method)(X))
    except (InputError, UnsupportedError) as error:
        assert "column" in str(error), error
        return "refused"
    assert len(want) == len(got), name
    for row, (x, y) in enumerate(zip(want, got, strict=True)):
        assert x == y or (None not in (x, y) and np.isclose(float(x), float(y), rtol=1e-9)), (name, row, x, y)
    return "equal"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_answers_as_the_library_or_rejects_the_type(name: str) -> None:
    estimator = FunctionTransformer(FUNCTIONS[name]).fit(TABLE)
    predictor = pretzel.compile(estimator, sample=TABLE)
    outcomes = {form: check(estimator, predictor, "transform", f"{name}: {form}", X) for form, X in tables()}
    assert {outcomes["whole"], outcomes["holes"]} <= {"equal", "raised"}, outcomes


def test_a_class_of_ones_own_rejects_nullable_columns_with_missing_values() -> None:
    estimator = Flags().fit(TABLE)
    predictor = pretzel.compile(estimator, sample=TABLE)
    outcomes = {form: check(estimator, predictor, "transform", form, X) for form, X in tables()}
    assert outcomes["holes"] == "equal"
    with pytest.raises(InputError, match=r"column 'a': Float64 with missing values.*convert it: astype\(float\)"):
        predictor.transform(HOLES.assign(a=HOLES["a"].astype("Float64")))


@pytest.mark.parametrize(
    ("function", "table", "message"),
    [
        ("equal", HOLES.assign(a=HOLES["a"].astype("Float64")), "'a': Float64 with missing values, for which a step"),
        ("equal", HOLES.assign(a=HOLES["a"].astype("double[pyarrow]")), r"'a': double\[pyarrow\] with missing values"),
        ("equal", pl.from_pandas(HOLES), r"'a': Float64 with missing values.*X.to_pandas\(\)"),
        ("looked up", TABLE.assign(b=TABLE["f"]), r"'b': bool, for which a step of the library.*astype\(int\)"),
        ("looked up", TABLE.assign(b=TABLE["f"].astype("boolean")), "'b': boolean, for which"),
        ("looked up", {**TABLE, "b": [True, False] * (ROWS // 2)}, "'b': list, for which"),
        ("chosen", TABLE.assign(f=pd.Series([True, None] * (ROWS // 2), dtype=object)), "'f': object with missing"),
        ("digits", TABLE.assign(w=pd.Series(["3", None] * (ROWS // 2), dtype=object)), "'w', row 1: None in a column"),
        ("found", pl.from_pandas(TABLE), "'w': String, for which"),
    ],
)
def test_the_rejection_names_column_type_and_remedy(function: str, table: Any, message: str) -> None:
    estimator = FunctionTransformer(FUNCTIONS[function]).fit(TABLE)
    with pytest.raises(InputError, match=f"column {message}"):
        pretzel.compile(estimator, sample=TABLE).transform(table)


@pytest.mark.parametrize("function", ["constant", "beyond"])
def test_a_constant_that_a_small_type_cannot_hold_rejects_its_integers(function: str) -> None:
    estimator = FunctionTransformer(FUNCTIONS[function]).fit(TABLE)
    definition = export(estimator, sample=TABLE)  # as on a server, which has one type
    (rule,) = [rule for rule in definition.metadata["integers_read"]["table"] if rule["how"] == "within"]
    assert rule["most"]["u8"] == -1
    assert rule["most"]["i32"] > 1000
    assert rule["inputs"] == ["b"]


def test_a_series_of_two_others_has_no_name() -> None:
    sums = FunctionTransformer(lambda d: (d["a"] + d["b"]).to_frame()).fit(TABLE)  # column 0, as of pandas
    conditions = FunctionTransformer(lambda d: (d["f"].astype(bool) & d["a"].gt(0)).to_frame()).fit(TABLE)
    for estimator in (sums, conditions):
        predictor = pretzel.compile(estimator, sample=TABLE)
        np.testing.assert_array_equal(predictor.transform(TABLE), estimator.transform(TABLE))
    with pytest.raises(UnsupportedError, match=r"bitwise_and of a column that is read as numbers; use .astype\(bool\)"):
        export(FunctionTransformer(lambda d: (d["f"] & d["a"].gt(0)).to_frame()).fit(TABLE), sample=TABLE)


def test_the_error_for_a_type_that_a_step_cannot_read_names_the_column() -> None:
    estimator = FunctionTransformer(lambda d: np.log1p(d[["b"]])).fit(TABLE)
    with pytest.raises(
        UnsupportedError, match="column 'b' of uint8: convert it to float64; of this type .*np.log1p of"
    ):
        pretzel.compile(estimator, sample=TABLE).transform(TABLE.assign(b=TABLE["b"].astype(np.uint8)))


def test_python_rounds_one_float_by_its_digits() -> None:
    table = pd.DataFrame({"x": [693.15, 488.85, 4.55, 0.285, np.nan]})
    for function in (
        lambda d: d["x"].apply(lambda x: round(x, 1)).to_frame(),
        lambda d: d.apply(lambda row: round(row["x"], 1), axis=1).to_frame(),
    ):
        with pytest.raises(UnsupportedError, match=r"round\(x, digits\) of one value is not traced; use .round\(dig"):
            export(FunctionTransformer(function).fit(table), sample=table)
    for function in (lambda d: d["x"].round(1).to_frame(), lambda d: d["x"].apply(lambda x: x * 2).to_frame()):
        estimator = FunctionTransformer(function).fit(table)
        np.testing.assert_array_equal(pretzel.compile(estimator, sample=table).transform(table), function(table))


@pytest.mark.parametrize(
    "encoder",
    [
        category_encoders.TargetEncoder(cols=["b"]),
        category_encoders.OneHotEncoder(cols=["b"]),
        category_encoders.CountEncoder(cols=["b"], handle_unknown=0),
        encoding.OrdinalEncoder("arbitrary", variables=["b"], ignore_format=True, unseen="ignore"),
    ],
    ids=lambda encoder: type(encoder).__module__.partition(".")[0] + type(encoder).__name__,
)
def test_encoders_of_numbers_reject_booleans(encoder: Any) -> None:
    table = TABLE[["a", "b"]]
    encoder.fit(table, TABLE["a"])
    predictor = pretzel.compile(encoder, sample=table)
    assert check(encoder, predictor, "transform", "integers", table) == "equal"
    assert check(encoder, predictor, "transform", "floats", table.astype({"b": float})) == "equal"
    for form in (TABLE["f"], TABLE["f"].astype("boolean")):
        with pytest.raises(InputError, match=r"column 'b': bool.*, for which a step .*convert it: astype\(int\)"):
            predictor.transform(table.assign(b=form))


def test_an_encoder_of_booleans_takes_them() -> None:
    table = TABLE[["a", "f"]]
    encoder = category_encoders.TargetEncoder(cols=["f"]).fit(table, TABLE["a"])
    predictor = pretzel.compile(encoder, sample=table)
    assert check(encoder, predictor, "transform", "booleans", table) == "equal"


@pytest.mark.parametrize("strategy", ["missing", "frequent"])
def test_an_imputer_of_categories_fills_none_in_objects(strategy: str) -> None:
    table = pd.DataFrame({"w": ["x", "y", "x", np.nan, "z"], "a": [1.0, 5, 2, 9, 4]})
    imputer = imputation.CategoricalImputer(imputation_method=strategy)
    encoder = encoding.OrdinalEncoder("ordered", unseen="encode")
    model = make_pipeline(imputer, encoder, LinearRegression()).fit(table, table["a"] ** 2)
    asked = pd.DataFrame({"w": pd.Series(["x", None, np.nan, "q"], dtype=object), "a": [1.0, 2, 3, 4]})
    got = pretzel.compile(model, sample=table).predict(asked)
    np.testing.assert_allclose(got, model.predict(asked), rtol=1e-9)


def test_a_function_that_makes_texts_of_dates_is_served() -> None:
    table = pd.DataFrame({"t": pd.date_range("2024-01-15", periods=24, freq="17D")})
    seasons = {0: "winter", 1: "spring", 2: "summer", 3: "autumn"}
    season = FunctionTransformer(lambda d: (d["t"].dt.month % 12 // 3).map(seasons).to_frame())
    model = make_pipeline(season, category_encoders.OrdinalEncoder(), LinearRegression()).fit(table, np.arange(24.0))
    np.testing.assert_allclose(pretzel.compile(model, sample=table).predict(table), model.predict(table), rtol=1e-9)


def test_a_cleaned_column_of_texts_rejects_categories() -> None:
    table = pd.DataFrame({"w": ["red", "", "gr", "N/A", "red"] * 4, "x": np.arange(20.0)})
    vectorizer = skrub.TableVectorizer().fit(table)
    predictor = pretzel.compile(vectorizer, sample=table)
    assert check(vectorizer, predictor, "transform", "texts", table) == "equal"
    with pytest.raises(InputError, match=r"column 'w': category, for which .*convert it: astype\('str'\)"):
        predictor.transform(table.astype({"w": "category"}))
    of_categories = skrub.TableVectorizer().fit(table.astype({"w": "category"}))
    predictor = pretzel.compile(of_categories, sample=table.astype({"w": "category"}))
    assert check(of_categories, predictor, "transform", "categories", table.astype({"w": "category"})) == "equal"
