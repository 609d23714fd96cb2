"""Weights of a union over integers: NumPy and pandas multiply in the type of the integers, polars in a wider one."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, Normalizer, StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served

pytestmark = pytest.mark.filterwarnings("ignore:.*valid feature names", "ignore:.*set_output")

Y = np.array([1.0, 2.0, 3.0, 4.0])
TABLE = pd.DataFrame({"a": [100, -100, 5, 7], "b": [101, 3, -77, 90]})
WEIGHTS = {
    "whole": 2,
    "fraction": 0.5,
    "float": 2.0,
    "int64": np.int64(2),
    "int8": np.int8(3),
    "float64": np.float64(0.3),
}
TYPES = ("int8", "int64", "uint8", "float32", "bool")
FOLLOWING: dict[str, Any] = {
    "ridge": Ridge,
    "table": lambda: make_pipeline(SimpleImputer(strategy="most_frequent").set_output(transform="pandas"), Ridge()),
}


def weighted(kind: str, form: str, weight: Any) -> Any:
    if kind == "columns":
        model: Any = ColumnTransformer([("part", "passthrough", ["a", "b"])], transformer_weights={"part": weight})
    else:
        model = FeatureUnion([("part", FunctionTransformer())], transformer_weights={"part": weight})
    return model.set_output(transform=form)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("form", ["default", "pandas", "polars"])
@pytest.mark.parametrize("kind", ["columns", "union"])
def test_products_are_those_of_the_library(kind: str, form: str, weight: str) -> None:
    """Each table and weight is computed by both kinds of steps and before both next steps."""
    first = [kind == "union", list(WEIGHTS).index(weight)]
    for (i, dtype), (j, name) in product(enumerate(TYPES), enumerate(FOLLOWING)):
        if (sum(first) + i + j) % 2:
            continue
        X = (TABLE > 6 if dtype == "bool" else TABLE).astype(dtype)
        model = make_pipeline(weighted(kind, form, WEIGHTS[weight]), FOLLOWING[name]()).fit(X, Y)
        got = pretzel.compile(model).predict(X)
        np.testing.assert_allclose(got, model.predict(X), rtol=1e-6, atol=1e-6, err_msg=f"{dtype}, {name}")
        if name == "table":
            assert_serves(model, X, sample=X, batches=(4,))


@pytest.mark.parametrize("form", ["default", "pandas"])
def test_without_a_sample_integers_that_would_wrap_are_refused(form: str) -> None:
    model = make_pipeline(weighted("columns", form, 2), Ridge()).fit(TABLE.astype("int8"), Y)
    definition = export(model)
    for dtype in ("int8", "int16", "int32"):
        with pytest.raises(InputError, match=f"column 'a': the library computes in {dtype}"):
            served(definition, TABLE.astype(dtype))
    for dtype in ("int64", "float64"):  # products that int64 does not truncate
        X = TABLE.astype(dtype)
        np.testing.assert_allclose(served(definition, X)["predict"], model.predict(X), rtol=1e-9)


def test_weights_outside_the_type_are_refused() -> None:
    model = make_pipeline(weighted("columns", "default", 300), Ridge()).fit(TABLE, Y)
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.predict(TABLE), model.predict(TABLE))
    with pytest.raises(OverflowError):
        model.predict(TABLE.astype("int8"))
    with pytest.raises(UnsupportedError, match="transformer_weights=.*NumPy multiplies no int8 by 300; give a weight"):
        predictor.predict(TABLE.astype("int8"))


def test_a_type_without_plan_support_is_refused() -> None:
    model = make_pipeline(weighted("columns", "polars", 2), Ridge()).fit(TABLE, Y)
    X = TABLE.abs().astype("uint64")
    with pytest.raises(UnsupportedError, match="of uint64 and a weight of type int it makes .*; give a weight that is"):
        pretzel.compile(model).predict(X)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("form", ["default", "pandas", "polars"])
def test_scikit_learn_converts_a_polars_table_to_float64(form: str, dtype: str) -> None:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)).astype(dtype), columns=["a", "b", "c"])
    inner = (Normalizer(), StandardScaler())
    model = make_pipeline(*inner, MinMaxScaler()).set_output(transform=form).fit(X)
    got, want = pretzel.compile(model).transform(X), np.asarray(model.transform(X))
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=3e-6 if want.dtype == np.float32 or dtype == "f4" else 1e-12, atol=1e-7)


@pytest.mark.parametrize("dtype", ["UInt8", "Int8", "Int16", "uint8[pyarrow]", "int16[pyarrow]"])
@pytest.mark.parametrize("kind", ["columns", "union"])
def test_whole_weights_of_nullable_columns_are_refused_by_name(kind: str, dtype: str) -> None:
    """pandas wraps UInt8 around, and makes int64 of small integers of Arrow."""
    X = TABLE.abs().astype(dtype)
    X.loc[1, "a"] = pd.NA
    model = make_pipeline(weighted(kind, "pandas", 3), SimpleImputer(), Ridge()).fit(TABLE.astype(float), Y)
    with pytest.raises(InputError, match="'a'.*transformer_weights"):
        pretzel.compile(model).predict(X)
    with pytest.raises(InputError, match="'a'.*transformer_weights"):
        served(export(model), X)
