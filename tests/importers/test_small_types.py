"""Nullable integers, booleans and small integers: answered like the library, or rejected by name."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import served

pytestmark = pytest.mark.filterwarnings(
    "ignore:X has feature names", "ignore:X does not have valid feature names", "ignore:divide by zero"
)

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"a": 2**24 + RNG.integers(-800, 800, 300), "b": RNG.integers(0, 5, 300)})
Y = (FRAME["a"] % 7 > 3).astype(int)
FORMS: dict[str, pd.DataFrame] = {
    "int64": FRAME,
    "Int64": FRAME.astype("Int64"),
    "one Int64": FRAME.astype({"b": "Int64"}),
    "pyarrow": FRAME.astype("int64[pyarrow]"),
    "Float64": FRAME.astype("Float64"),
    "one bool": FRAME.assign(b=FRAME["b"] > 2),
    "one boolean": FRAME.assign(b=(FRAME["b"] > 2).astype("boolean")),
    "missing": FRAME.astype("Int64").mask(FRAME["b"] == 3),
}
BEFORE: dict[str, Any] = {
    "threshold": VarianceThreshold,
    "passthrough": lambda: make_column_transformer(("passthrough", ["a", "b"])),
    "best": lambda: SelectKBest(k="all"),
    "most frequent": lambda: SimpleImputer(strategy="most_frequent"),
    "constant": lambda: SimpleImputer(strategy="constant"),
    "separate": lambda: make_column_transformer(("passthrough", ["a"]), ("passthrough", ["b"])),
    "separate tables": lambda: make_column_transformer(("passthrough", ["a", "b"]), ("passthrough", ["b"])),
    "twice": lambda: make_union(VarianceThreshold(), VarianceThreshold()),
    "union": lambda: make_union(FunctionTransformer(), VarianceThreshold()),
    "thresholds": lambda: make_column_transformer((VarianceThreshold(), ["a"]), remainder="passthrough"),
    "two imputers": lambda: make_union(SimpleImputer(strategy="constant"), SimpleImputer()),
}


def boosted(before: Any) -> Any:
    return make_pipeline(before, lightgbm.LGBMClassifier(n_estimators=20, min_child_samples=2, verbose=-1, n_jobs=1))


def answers(model: Any, X: Any) -> Any:
    """Return the library's answer, or None if it does not accept X."""
    try:
        return model.predict_proba(X)
    except (ValueError, TypeError):
        return None


@pytest.mark.parametrize("on", ["int64", "Int64"])
@pytest.mark.parametrize("name", BEFORE)
def test_lightgbm_rounds_integers_from_a_previous_step(name: str, on: str) -> None:
    model = boosted(BEFORE[name]()).fit(FORMS[on], Y)
    predictor, sampled = pretzel.compile(model), export(model, sample=FORMS[on])
    deployed = served_by(model)
    for form, X in FORMS.items():
        want = answers(model, X)
        if want is None:
            continue
        for ask in (
            predictor.predict_proba,
            lambda X: deployed(X)["predict_proba"],
            lambda X: served(sampled, X)["predict_proba"],
        ):
            try:
                got = ask(X)
            except InputError as refused:
                assert form in ("one bool", "one boolean", "Int64", "one Int64", "pyarrow"), (form, str(refused))
                assert name in ("separate", "separate tables", "union", "twice", "thresholds", "two imputers"), (
                    name,
                    form,
                )
                assert "column 'a'" in str(refused)
                continue
            np.testing.assert_allclose(got, want, rtol=1e-6, err_msg=form)


def test_the_cases_distinguish() -> None:
    model = boosted(VarianceThreshold()).fit(FRAME, Y)
    assert (model.predict_proba(FORMS["Int64"]) != model.predict_proba(FRAME)).any()


def test_small_nullable_integers_are_served_where_the_sample_held_integers() -> None:
    """The model was deployed with integers, which one step reads in float32 and another in float64."""
    both = [("a", boosted(VarianceThreshold())), ("b", make_pipeline(SimpleImputer(), LogisticRegression()))]
    model = VotingClassifier(both, voting="soft").fit(FRAME, Y)
    definition = export(model, sample=FRAME)
    assert definition.metadata["typed"]
    small = (FRAME % 2**20).astype("Int64")
    np.testing.assert_allclose(served(definition, small)["predict_proba"], model.predict_proba(small), rtol=1e-6)
    with pytest.raises(InputError, match="column 'a'.* convert it"):
        served(definition, FORMS["Int64"])


def served_by(model: Any) -> Any:
    """Return a function that calls the deployed model."""
    definition = export(model)
    return lambda X: served(definition, X)


FLOATS = RNG.random((9, 2))
SMALL = np.array([[1, 9], [3, 7], [5, 100]])
SIXTEEN = ("log1p", "exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsinh", "arctan")
ANGLES = ("degrees", "radians", "deg2rad", "rad2deg")


@pytest.mark.parametrize("dtype", ["int8", "uint8", "bool"])
@pytest.mark.parametrize("table", [False, True])
@pytest.mark.parametrize("name", ANGLES)
def test_angles_of_small_types_are_refused(name: str, table: bool, dtype: str) -> None:
    for fit in (FLOATS, pd.DataFrame(FLOATS, columns=["a", "b"])):
        model = FunctionTransformer(getattr(np, name)).fit(fit)
        X = pd.DataFrame(SMALL.astype(dtype), columns=["a", "b"]) if table else SMALL.astype(dtype)
        assert (np.asarray(model.transform(X)) != getattr(np, name)(SMALL.astype(dtype).astype(float))).any()
        for ask in (pretzel.compile(model).transform, served_by(model)):
            with pytest.raises((InputError, UnsupportedError), match=dtype):
                ask(X)


@pytest.mark.parametrize("dtype", ["int16", "uint16", "int32", "int64", "float32"])
@pytest.mark.parametrize("name", ANGLES)
def test_angles_of_other_types_are_those_of_the_library(name: str, dtype: str) -> None:
    X = SMALL.astype(dtype)
    model = FunctionTransformer(getattr(np, name)).fit(X)
    want, got = model.transform(X), pretzel.compile(model).transform(X)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-6 if want.dtype == np.float32 else 1e-15)


@pytest.mark.parametrize("dtype", ["bool", "boolean", "int8", "Int8", "uint8[pyarrow]"])
@pytest.mark.parametrize("name", [*SIXTEEN, *ANGLES, "reciprocal"])
def test_a_small_column_next_to_floats_is_refused_by_name(name: str, dtype: str) -> None:
    X = pd.DataFrame({"a": [1.5, 2.0, 3.0], "b": pd.Series([1, 0, 1]).astype(dtype)})
    for fit in (FLOATS, pd.DataFrame(FLOATS, columns=["a", "b"])):
        model = FunctionTransformer(getattr(np, name)).fit(fit)
        for ask in (pretzel.compile(model).transform, served_by(model)):
            with pytest.raises((InputError, UnsupportedError), match=r"column 'b'|convert the column to float64"):
                ask(X)
            ask(X.astype(float))


@pytest.mark.parametrize("name", ["negative", "sqrt"])
def test_functions_of_booleans_without_floats_of_full_precision_are_refused(name: str) -> None:
    """NumPy has no negative of booleans, and their square root is float16, in which a next step would compute."""
    X = pd.DataFrame({"a": [1.5, 2.0], "b": [True, False]})
    with pytest.raises(InputError, match=f"column 'b': numpy.{name} returns other values for bool"):
        pretzel.compile(FunctionTransformer(getattr(np, name)).fit(FLOATS)).transform(X)


@pytest.mark.parametrize("name", ["square", "abs", "fabs"])
def test_booleans_without_loss_are_served(name: str) -> None:
    X = pd.DataFrame({"a": [1.5, 2.0], "b": [True, False]})
    model = FunctionTransformer(getattr(np, name)).fit(FLOATS)
    got = pretzel.compile(model).transform(X)
    np.testing.assert_array_equal(np.asarray(got), np.asarray(model.transform(X)).astype(float))


def test_wide_integers_next_to_floats_are_served() -> None:
    X = pd.DataFrame({"a": [1.5, 2.0], "b": [2**24 + 1, 5]})
    for name in ("log1p", "degrees"):
        model = FunctionTransformer(getattr(np, name)).fit(FLOATS)
        for table in (X, X.astype({"b": "Int64"})):
            np.testing.assert_allclose(pretzel.compile(model).transform(table), model.transform(table).astype(float))


def test_a_function_that_validates_reads_an_array() -> None:
    X = pd.DataFrame({"a": [1.5, 2.0], "b": [True, False]})
    model = make_pipeline(FunctionTransformer(np.exp, validate=True), LinearRegression()).fit(FLOATS, FLOATS[:, 0])
    np.testing.assert_allclose(pretzel.compile(model).predict(X), model.predict(X))
