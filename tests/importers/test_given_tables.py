"""Tables that reach a boosting library as they are given are read as it reads them, or rejected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from xgboost import XGBClassifier

import pretzel
from pretzel.errors import InputError

RNG = np.random.default_rng(0)
X = np.round(RNG.normal(size=(80, 3)) * 4, 1)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
Y = (X[:, 0] > 0).astype(int)
PERMUTED = FRAME[["c", "b", "a"]]
BOOSTERS = {
    "lightgbm": LGBMClassifier(n_estimators=4, verbose=-1),
    "xgboost": XGBClassifier(n_estimators=4, n_jobs=1),
    "catboost": CatBoostClassifier(iterations=4, verbose=0, allow_writing_files=False),
}
AROUND = {
    "alone": lambda booster: booster,
    "passthrough": lambda booster: make_pipeline("passthrough", booster),
    "function": lambda booster: make_pipeline(FunctionTransformer(np.cbrt), booster),
    "union": lambda booster: make_pipeline(make_union("passthrough"), booster),
    "search": lambda booster: GridSearchCV(booster, {"random_state": [1]}, cv=2),
    "calibrated": lambda booster: CalibratedClassifierCV(booster, cv=2),
    "one-versus-rest": lambda booster: OneVsRestClassifier(booster),
    "stacking": lambda booster: StackingClassifier([("a", booster)], cv=2, passthrough=True),
    "voting": lambda booster: VotingClassifier([("a", booster)], voting="soft"),
    "by name": lambda booster: make_pipeline(
        make_column_transformer(("passthrough", ["a", "b", "c"])).set_output(transform="pandas"), booster
    ),
    "scaled": lambda booster: make_pipeline(StandardScaler(), booster),
}


def agrees_or_rejects(model: Any, rows: Any) -> str:
    """Return ``equal``, ``rejected``, or ``library`` if the library rejects the rows."""
    try:
        want = model.predict_proba(rows)
    except Exception:
        return "library"
    try:
        got = pretzel.compile(model).predict_proba(rows)
    except InputError as error:
        return f"rejected: {error}"
    np.testing.assert_allclose(got, want, rtol=2e-6, atol=2e-6)
    return "equal"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", BOOSTERS)
@pytest.mark.parametrize("around", AROUND)
def test_a_table_in_another_order_is_read_as_by_the_library(library: str, around: str) -> None:
    model = AROUND[around](BOOSTERS[library]).fit(FRAME, Y)
    assert agrees_or_rejects(model, FRAME) == "equal"
    for rows in (PERMUTED, pl.DataFrame({name: FRAME[name].to_numpy() for name in "cba"})):
        how = agrees_or_rejects(model, rows)
        assert how in ("equal", "library") or "reorder them" in how
        assert how == "equal" or around != "by name"


@pytest.mark.filterwarnings("ignore")
def test_each_target_reads_the_order_of_a_table_as_the_library_does() -> None:
    model = MultiOutputClassifier(BOOSTERS["lightgbm"]).fit(FRAME, np.c_[Y, 1 - Y])
    assert (model.predict(PERMUTED) != model.predict(FRAME)).any()
    with pytest.raises(InputError, match="the columns are 'c', 'b', 'a', .*reorder them"):
        pretzel.compile(model).predict(PERMUTED)


def test_catboost_orders_columns_named_by_integers() -> None:
    model = BOOSTERS["catboost"].copy().fit(pd.DataFrame(X), Y)
    rows = pd.DataFrame(X, columns=[2, 1, 0])
    assert (model.predict(rows) != model.predict(X)).any()
    with pytest.raises(InputError, match="the columns are '2', '1', '0', .*reorder them"):
        pretzel.compile(model).predict(rows)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("fitted", ["table", "array"])
def test_codes_of_categories_are_not_read_for_their_values(library: str, around: str, fitted: str) -> None:
    if (around, fitted) == ("by name", "array"):
        pytest.skip("no names")
    model = AROUND[around](BOOSTERS[library]).fit(FRAME if fitted == "table" else X, Y)
    rows = FRAME.assign(a=FRAME["a"].round().astype(int).astype("category"))
    how = agrees_or_rejects(model, rows)
    assert how in ("equal", "library") or "column" in how
    if around == "alone" and (library, fitted) != ("lightgbm", "table"):
        assert "a category, whose codes the library reads" in how


@pytest.mark.filterwarnings("ignore")
def test_categories_behind_a_selector_that_keeps_the_table_are_rejected() -> None:
    selector = VarianceThreshold().set_output(transform="pandas")
    model = make_pipeline(selector, BOOSTERS["xgboost"]).fit(FRAME, Y)
    rows = FRAME.assign(a=FRAME["a"].round().astype(int).astype("category"))
    assert (model.predict(rows) != model.predict(rows.astype(float))).any()
    with pytest.raises(InputError, match="column 'a': a category"):
        pretzel.compile(model).predict(rows)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", [*BOOSTERS.values(), LogisticRegression()])
@pytest.mark.parametrize("kind", [">f8", ">f4", ">i8", ">i2"])
def test_another_byte_order_is_read_as_by_the_library_or_rejected(model: Any, kind: str) -> None:
    fitted = (model.copy() if hasattr(model, "copy") else model).fit(X, Y)
    for rows in (X.astype(kind), pd.DataFrame(X.astype(kind))):
        how = agrees_or_rejects(fitted, rows)
        assert how in ("equal", "library") or "in the other byte order" in how


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", BOOSTERS)
def test_long_doubles_are_read_as_by_the_library_or_rejected(library: str) -> None:
    model = AROUND["alone"](BOOSTERS[library]).fit(X, Y)
    how = agrees_or_rejects(model, X.astype(np.longdouble))
    assert how == "library" or "reads the bytes of" in how or "the library computes in it" in how


def test_functions_read_another_byte_order() -> None:
    model = FunctionTransformer(np.cbrt).fit(X)
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.transform(X.astype(">i8")), model.transform(X.astype(">i8")))
    np.testing.assert_allclose(predictor.transform(X.astype(">f8")), model.transform(X.astype(">f8")))
    with pytest.raises(InputError, match="other byte order"):  # scikit-learn computes in float32
        predictor.transform(X.astype(">f4"))


NUMBERED = {
    "lightgbm": LGBMClassifier(n_estimators=4, verbose=-1, min_child_samples=3),
    "xgboost": XGBClassifier(n_estimators=4, n_jobs=1, enable_categorical=True),
}
FORMS = {
    "array": lambda frame: frame.astype(float).to_numpy(),
    "array of float32": lambda frame: frame.astype("f4").to_numpy(),
    "array of integers": lambda frame: frame.astype(int).to_numpy(),
    "array of objects": lambda frame: frame.astype(object).to_numpy(),
    "rows": lambda frame: frame.astype(object).to_numpy().tolist(),
    "polars": lambda frame: pl.from_pandas(frame.astype({"c": int})),
    "columns of floats": lambda frame: frame.astype({"c": float}),
    "columns of Arrow": lambda frame: frame.astype({"c": "double[pyarrow]"}),
    "arrow": lambda frame: pa.Table.from_pandas(frame.astype({"c": int})),
}


def trained_on_numbers(library: str, values: list[int]) -> tuple[pd.DataFrame, Any]:
    """Return a table with categories that are numbers, and a model trained on it."""
    categories = pd.Categorical(RNG.choice(values, 80), categories=values)
    flags = pd.Series(X[:, 1] > 0, dtype="boolean")
    frame = pd.DataFrame({"n": np.round(X[:, 0]), "c": categories, "f": flags})
    return frame, NUMBERED[library].fit(frame, frame["c"] == values[0])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", NUMBERED)
@pytest.mark.parametrize("form", FORMS)
def test_numbers_of_other_forms_are_codes_of_categories(library: str, form: str) -> None:
    frame, model = trained_on_numbers(library, [3, 1, 2])
    how = agrees_or_rejects(model, FORMS[form](frame))
    assert how == "library" or "codes" in how
    with pytest.raises(InputError, match="column 'c': numbers"):
        pretzel.compile(model).predict(FORMS[form](frame))
    assert agrees_or_rejects(model, frame) == "equal"
    rows = pretzel.compile(model).predict_proba(frame.to_dict("records"))
    np.testing.assert_allclose(rows, model.predict_proba(frame), rtol=2e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", NUMBERED)
@pytest.mark.parametrize("form", FORMS)
def test_numbers_that_equal_their_codes_are_read(library: str, form: str) -> None:
    frame, model = trained_on_numbers(library, [0, 1, 2])
    assert agrees_or_rejects(model, FORMS[form](frame)) in ("equal", "library")
    between = frame.astype(float).to_numpy()
    between[:, 1] += 0.5
    assert agrees_or_rejects(model, between).startswith("rejected")
