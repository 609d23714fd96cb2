"""Float32 of polars tables, as X and between steps: equal to the library in type and value, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer, MinMaxScaler, QuantileTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import pretzel
from pretzel.errors import InputError
from pretzel.importers import export
from tests.importers.sklearn.frames import served

pytestmark = pytest.mark.filterwarnings("ignore")

RNG = np.random.default_rng(0)
SINGLE = (RNG.normal(size=(60, 3)) ** 2 * 10).astype("float32")
TABLE = pd.DataFrame(SINGLE, columns=["a", "b", "c"])
POLARS = pl.DataFrame({name: SINGLE[:, i] for i, name in enumerate("abc")})
Y = (SINGLE @ [1, -1, 2] > 15).astype(int) + (SINGLE[:, 0] > 5)
MODELS: dict[str, Callable[[], Any]] = {
    "logistic": LogisticRegression,
    "regression": LinearRegression,
    "bayes": GaussianNB,
    "tree": lambda: DecisionTreeClassifier(max_depth=3, random_state=0),
    "machine": SVC,
    "scaler": StandardScaler,
    "ranges": MinMaxScaler,
    "quantiles": lambda: QuantileTransformer(n_quantiles=20),
    "components": lambda: PCA(2),
    "means": SimpleImputer,
    "filled": lambda: make_pipeline(SimpleImputer(strategy="most_frequent"), StandardScaler()),
    "signs": Binarizer,
    "selected": lambda: SelectKBest(k=2),
    "scaled": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "selected and scaled": lambda: make_pipeline(SelectKBest(k=2), StandardScaler(), LogisticRegression()),
    "columns": lambda: make_column_transformer((StandardScaler(), ["a", "b"]), remainder="passthrough"),
    "columns scaled": lambda: make_column_transformer((StandardScaler(), ["a", "b"]), (MinMaxScaler(), ["c"])),
    "passed": lambda: make_pipeline(make_column_transformer(("passthrough", ["a", "c"])), StandardScaler()),
}
METHODS = ("predict_proba", "decision_function", "transform", "predict")
ANSWERED = {
    "logistic",
    "tree",
    "machine",
    "scaler",
    "ranges",
    "quantiles",
    "components",
    "means",
    "scaled",
    "columns scaled",
}


def assert_alike(model: Any, ask: Callable[[str], Any], rows: Any, case: str) -> None:
    for method in METHODS:
        if hasattr(model, method):
            got, want = np.asarray(ask(method)), np.asarray(getattr(model, method)(rows))
            assert got.dtype == want.dtype or want.dtype.kind == "i", (case, method, got.dtype, want.dtype)
            bounds = {"rtol": 1e-5, "atol": 1e-4} if want.dtype == np.float32 else {"rtol": 1e-6, "atol": 1e-7}
            np.testing.assert_allclose(got, want, **bounds, err_msg=f"{case}, {method}")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("fitted_on", ["float64", "float32", "polars"])
@pytest.mark.parametrize("deployed", [False, True])
def test_float32_of_polars_is_equal_or_refused_by_name(name: str, fitted_on: str, deployed: bool) -> None:
    model = MODELS[name]().fit(POLARS if fitted_on == "polars" else TABLE.astype(fitted_on), Y)
    if deployed:
        definition = export(model)

        def ask(method: str) -> Any:
            return served(definition, POLARS)[method]
    else:
        predictor = pretzel.compile(model)

        def ask(method: str) -> Any:
            return getattr(predictor, method)(POLARS)

    try:
        assert_alike(model, ask, POLARS, f"{name}, {fitted_on}")
    except InputError as refused:
        assert "Float32 in a polars table" in str(refused) and "cast it to Float64" in str(refused)
        assert name not in ANSWERED or (fitted_on == "float32" and name == "logistic")


@pytest.mark.parametrize("following", [LinearRegression, GaussianNB, LogisticRegression, Binarizer, StandardScaler])
@pytest.mark.parametrize("before", [FunctionTransformer, lambda: SelectKBest(k=2), StandardScaler])
def test_float32_behind_tables_of_polars_is_as_in_the_library(before: Any, following: Any) -> None:
    model = make_pipeline(before().set_output(transform="polars"), following()).fit(SINGLE, Y)
    predictor = pretzel.compile(model)
    assert_alike(model, lambda method: getattr(predictor, method)(SINGLE), SINGLE, str(before))
