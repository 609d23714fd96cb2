"""Objects, booleans and further columns that the library returns, rejects or reads unlike numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import RFE, SelectKBest, VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import Binarizer, FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from xgboost import XGBRegressor

import pretzel
from pretzel.errors import InputError, PretzelError
from tests.importers.sklearn.frames import served

RNG = np.random.default_rng(0)
X = np.round(RNG.normal(size=(40, 3)) * 3, 1)
Y = (X[:, 0] > 0).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
KEEPING: dict[str, Callable[[], Any]] = {
    "selected": lambda: SelectKBest(k=2),
    "varying": VarianceThreshold,
    "eliminated": lambda: RFE(LogisticRegression(), n_features_to_select=2),
    "passed": lambda: make_column_transformer(("passthrough", [0, 2])),
    "scaled and passed": lambda: make_column_transformer((StandardScaler(), [0]), remainder="passthrough"),
    "joined": lambda: make_union("passthrough", SelectKBest(k=1)),
    "identity": FunctionTransformer,
    "validated identity": lambda: FunctionTransformer(validate=True),
    "binary": Binarizer,
    "most frequent": lambda: SimpleImputer(strategy="most_frequent"),
    "constant": lambda: SimpleImputer(strategy="constant", fill_value=0),
    "imputed and selected": lambda: make_pipeline(SimpleImputer(strategy="most_frequent"), SelectKBest(k=2)),
}
TYPES = ["float64", "float32", "int64", "int32", "int8", "uint8", "bool"]


def given(kind: str) -> Any:
    return X > 0 if kind == "bool" else np.abs(X).astype(kind) if kind == "uint8" else X.astype(kind)


def fitted(name: str, rows: Any) -> Any:
    return KEEPING[name]().fit(rows, Y)


def assert_equal_or_refused(ask: Callable[[Any], Any], want: Callable[[Any], Any], rows: Any) -> bool:
    """Fail unless both raise, or the answer is the library's with its type, or it is refused; return whether it was."""
    try:
        expected = np.asarray(want(rows))
    except (ValueError, TypeError):
        with pytest.raises(PretzelError):
            ask(rows)
        return True
    try:
        got = np.asarray(ask(rows))
    except PretzelError as refused:
        assert "convert" in str(refused)
        return True
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=2e-6 if "32" in str(got.dtype) else 1e-9)
    return False


@pytest.mark.parametrize("form", ["array", "table"])
@pytest.mark.parametrize("on", ["float64", "float32", "int64"])
@pytest.mark.parametrize("name", KEEPING)
def test_results_have_the_types_of_the_librarys(name: str, on: str, form: str) -> None:
    rows = (lambda kind: pd.DataFrame(given(kind), columns=["a", "b", "c"])) if form == "table" else given
    model = fitted(name, rows(on))
    predictor = pretzel.compile(model)
    refused = [kind for kind in TYPES if assert_equal_or_refused(predictor.transform, model.transform, rows(kind))]
    assert "float64" not in refused and "float32" not in refused


@pytest.mark.parametrize("form", ["array", "table"])
@pytest.mark.parametrize("name", [name for name in KEEPING if name not in ("binary", "validated identity")])
def test_texts_that_the_library_would_return_are_refused(name: str, form: str) -> None:
    texts = X.astype(str).astype(object)
    rows: Any = texts if form == "array" else pd.DataFrame(texts, columns=["a", "b", "c"])
    model = fitted(name, X if form == "array" else FRAME)
    assert assert_equal_or_refused(pretzel.compile(model).transform, model.transform, rows)


def test_texts_that_a_model_reads_as_numbers_are_served() -> None:
    model = make_pipeline(SelectKBest(k=2), LogisticRegression()).fit(X, Y)
    texts = X.astype(str).astype(object)
    np.testing.assert_array_equal(pretzel.compile(model).predict(texts), model.predict(texts))


@pytest.mark.parametrize(
    "rows", [X.astype(object), FRAME.astype(object), FRAME.assign(b=FRAME["b"].astype("category"))]
)
def test_functions_refuse_objects_as_numpy_does(rows: Any) -> None:
    model = FunctionTransformer(np.cbrt).fit(FRAME if hasattr(rows, "columns") else X)
    with pytest.raises(TypeError):
        model.transform(rows)
    with pytest.raises(InputError, match="cbrt cannot compute with objects .*astype"):
        pretzel.compile(model).transform(rows)


@pytest.mark.parametrize("imputer", [SimpleImputer(strategy="most_frequent"), MissingIndicator()])
@pytest.mark.parametrize("rows", [X > 0, FRAME > 0, (X > 0).tolist()])
def test_imputers_refuse_booleans_alone(imputer: Any, rows: Any) -> None:
    model = imputer.fit(FRAME if hasattr(rows, "columns") else X)
    with pytest.raises(ValueError, match="bool"):
        model.transform(rows)
    with pytest.raises(InputError, match="rejects booleans; convert"):
        pretzel.compile(model).transform(rows)


@pytest.mark.parametrize("model", [LGBMRegressor(n_estimators=3, verbose=-1), XGBRegressor(n_estimators=3)])
@pytest.mark.parametrize("kind", [object, "string"])
def test_boosting_libraries_refuse_columns_of_objects(model: Any, kind: Any) -> None:
    model.fit(FRAME, X[:, 0])
    rows = FRAME.assign(b=FRAME["b"].astype(kind))
    with pytest.raises(ValueError, match="int, float"):
        model.predict(rows)
    with pytest.raises(InputError, match="column 'b': of type .*; convert it"):
        pretzel.compile(model).predict(rows)


def test_functions_of_whole_tables_refuse_further_columns() -> None:
    model = FunctionTransformer(np.cbrt).fit(FRAME)
    rows = FRAME.assign(d=1.0)
    assert model.transform(rows).shape[1] == 4
    with pytest.raises(InputError, match="'d' was not in the training data; drop it"):
        pretzel.compile(model).transform(rows)


@pytest.mark.parametrize("kind", ["Int64", "Float64", "boolean", "int64[pyarrow]"])
def test_missing_values_of_pandas_are_not_passed_into_arrays(kind: str) -> None:
    values = FRAME["b"] > 0 if kind == "boolean" else np.rint(FRAME["b"])
    table = FRAME.assign(b=values.astype(kind))
    model = make_column_transformer((StandardScaler(), ["a"]), ("passthrough", ["b"])).fit(FRAME)
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.transform(table), model.transform(table).astype(float))
    table.loc[3, "b"] = pd.NA
    with pytest.raises(ValueError, match=r"uses pandas\.NA"):
        model.transform(table)
    with pytest.raises(InputError, match=r"column 'b', row 3: pandas\.NA .*convert it"):
        predictor.transform(table)


@pytest.mark.parametrize("form", ["array", "table"])
@pytest.mark.parametrize("encoder", [OneHotEncoder, OrdinalEncoder])
def test_float32_categories_are_not_compared_with_rounded_float64(form: str, encoder: Any) -> None:
    ordinal = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
    options = ordinal if encoder is OrdinalEncoder else {"handle_unknown": "ignore"}
    rows = FRAME if form == "table" else X
    model = make_column_transformer((encoder(**options), [0, 1]), remainder="passthrough", sparse_threshold=0)
    model.fit(rows.astype("f4"))
    definition = pretzel.export(model, sample=rows.astype("f4"))
    want = model.transform(rows.astype("f4"))
    np.testing.assert_array_equal(served(definition, rows.astype("f4"))["transform"], want)
    assert (model.transform(rows) != want).any(), "0.1 is not its float32"
    with pytest.raises(InputError, match=r"no float32 equals .*convert it: astype\('float32'\)"):
        served(definition, rows)
    whole = np.rint(rows)
    np.testing.assert_array_equal(served(definition, whole)["transform"], model.transform(whole))
