"""Integers keep their type between steps, as in NumPy and pandas: LightGBM and functions depend on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import AdaBoostRegressor, BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.feature_selection import RFE, SelectKBest, VarianceThreshold, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, RANSACRegressor, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import Binarizer, FunctionTransformer, OrdinalEncoder, StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.plan.definition import Definition
from tests.importers.sklearn.frames import served

pytestmark = pytest.mark.filterwarnings(
    "ignore:X has feature names", "ignore:X does not have valid feature names", "ignore:overflow encountered"
)

RNG = np.random.default_rng(0)
ROWS = 160
FRAME = pd.DataFrame(
    {
        "t": 1_700_000_000_000 + RNG.integers(0, 10**6, ROWS),
        "u": (1_600_000_000 + RNG.integers(0, 10**4, ROWS)).astype(np.int32),
        "w": RNG.integers(10**8, 10**8 + 999, ROWS).astype(np.uint32),
    }
)
ARRAY = FRAME.to_numpy()
Y = ((FRAME["t"] % 1000) / 500 + (FRAME["w"] % 100) / 30).to_numpy()
YES = (np.median(Y) < Y).astype(int)
OPTIONS: dict[str, Any] = {"n_estimators": 4, "max_bin": 500, "min_data_in_bin": 1, "min_child_samples": 2, "n_jobs": 1}
LAST_BITS = {"rtol": 1e-6, "atol": 1e-9}


def boosted() -> Any:
    return lightgbm.LGBMRegressor(**OPTIONS, verbose=-1)


def classifier() -> Any:
    return lightgbm.LGBMClassifier(**OPTIONS, verbose=-1)


FORMS: dict[str, Any] = {
    "int64": ARRAY,
    "int32": (ARRAY % (2**31 - 1)).astype(np.int32),
    "float64": ARRAY.astype(float),
    "table": FRAME,
    "mixed table": FRAME.astype({"u": float}),
    "missing": FRAME.assign(w=FRAME["w"].where(FRAME["u"] % 3 > 0)),
    "int64 table": FRAME.astype(np.int64),
}
MODELS: dict[str, Callable[[], Any]] = {
    "alone": boosted,
    "selected": lambda: make_pipeline(VarianceThreshold(), boosted()),
    "two of three": lambda: make_pipeline(SelectKBest(f_regression, k=2), boosted()),
    "selected as a table": lambda: make_pipeline(VarianceThreshold().set_output(transform="pandas"), boosted()),
    "passed through": lambda: make_pipeline(make_column_transformer(("passthrough", [0, 2])), boosted()),
    "next to scaled": lambda: make_pipeline(
        make_column_transformer((StandardScaler(), [1]), remainder="passthrough"), boosted()
    ),
    "next to binary": lambda: make_pipeline(
        make_column_transformer((Binarizer(threshold=1.6e9 + 5000), [1]), remainder="passthrough"), boosted()
    ),
    "next to codes": lambda: make_pipeline(
        make_column_transformer(
            (OrdinalEncoder(dtype=np.int64, handle_unknown="use_encoded_value", unknown_value=-1), [1]),
            remainder="passthrough",
        ),
        boosted(),
    ),
    "in a union": lambda: make_pipeline(make_union(FunctionTransformer(), "passthrough"), boosted()),
    "weighted": lambda: make_pipeline(
        FeatureUnion([("a", "passthrough"), ("b", FunctionTransformer())], transformer_weights={"a": 2, "b": 0.5}),
        boosted(),
    ),
    "twice": lambda: make_pipeline(
        FeatureUnion([("a", "passthrough"), ("b", FunctionTransformer())], transformer_weights={"a": 2}), boosted()
    ),
    "imputed": lambda: make_pipeline(SimpleImputer(strategy="most_frequent"), boosted()),
    "imputed by a mean": lambda: make_pipeline(SimpleImputer(), boosted()),
    "eliminated": lambda: RFE(boosted(), n_features_to_select=2),
    "votes": lambda: VotingRegressor([("a", boosted()), ("b", make_pipeline(SimpleImputer(), LinearRegression()))]),
    "stacked": lambda: StackingRegressor([("a", boosted())], final_estimator=boosted(), passthrough=True, cv=2),
    "bagged": lambda: BaggingRegressor(boosted(), n_estimators=3, max_features=0.7, random_state=0),
    "adaptive": lambda: AdaBoostRegressor(boosted(), n_estimators=2, random_state=0),
    "of a transformed target": lambda: TransformedTargetRegressor(boosted(), func=np.log1p, inverse_func=np.expm1),
    "of consensus": lambda: RANSACRegressor(boosted(), min_samples=50, random_state=0),
    "several targets": lambda: MultiOutputRegressor(boosted()),
    "a chain": lambda: RegressorChain(boosted()),
    "searched": lambda: GridSearchCV(boosted(), {"n_estimators": [3]}, cv=2),
    "squared": lambda: make_pipeline(FunctionTransformer(np.square), boosted()),
    "negative": lambda: make_pipeline(FunctionTransformer(np.negative), boosted()),
    "absolute": lambda: make_pipeline(FunctionTransformer(np.abs), Ridge()),
    "logarithms": lambda: make_pipeline(FunctionTransformer(np.log1p), boosted()),
    "calibrated": lambda: CalibratedClassifierCV(classifier(), cv=2),
    "one against the rest": lambda: OneVsRestClassifier(classifier()),
    "one against one": lambda: OneVsOneClassifier(classifier()),
}


def fitted(name: str, X: Any) -> Any:
    model = MODELS[name]()
    if name in ("several targets", "a chain"):
        return model.fit(X, np.column_stack([Y, Y[::-1]]))
    return model.fit(X, YES if name in ("calibrated", "one against the rest", "one against one") else Y)


def answers(model: Any, X: Any) -> Any:
    """Return a model's answer; None if it rejects X."""
    try:
        return (model.predict_proba if hasattr(model, "predict_proba") else model.predict)(X)
    except (ValueError, UnsupportedError):  # for a missing value, or a table that a step reads column by column
        return None


@pytest.mark.parametrize("name", MODELS)
def test_in_process_answers_equal_the_library(name: str) -> None:
    """Every answer equals the library's; only a table in place of an array may be rejected."""
    for on in ("int64", "table"):
        model = fitted(name, FORMS[on])
        predictor = pretzel.compile(model)
        for form, X in FORMS.items():
            want, got = answers(model, X), answers(predictor, X)
            if got is None:
                assert want is None or (on == "int64" and "table" in form) or form == "missing", (on, form)
            else:
                np.testing.assert_allclose(got, want, **LAST_BITS, err_msg=f"{on}, {form}")


def test_the_case_distinguishes() -> None:
    """Rounding shows in the answers; otherwise the tests above could not fail."""
    model = fitted("selected", ARRAY)
    assert (model.predict(ARRAY) != model.predict(ARRAY.astype(float))).any()


FUNCTIONS: dict[str, Callable[[], Any]] = {
    "identity": lambda: FunctionTransformer(validate=True),
    "identity without names": lambda: FunctionTransformer(validate=True).set_output(transform="pandas"),
    "identity as a table": lambda: FunctionTransformer(validate=True, feature_names_out="one-to-one").set_output(
        transform="pandas"
    ),
    "positive": lambda: FunctionTransformer(np.positive),
    "array": lambda: FunctionTransformer(np.asarray),
    "absolute": lambda: FunctionTransformer(np.abs, validate=True),
    "floor": lambda: FunctionTransformer(np.floor),
    "rounded": lambda: FunctionTransformer(np.round, kw_args={"decimals": -1}),
    "clipped": lambda: FunctionTransformer(np.clip, kw_args={"a_min": 10**8 + 100, "a_max": 2 * 10**12}),
    "replaced": lambda: FunctionTransformer(np.nan_to_num),
    "squared": lambda: FunctionTransformer(np.square),
}
NULLABLE: dict[str, Any] = {
    "int64": ARRAY,
    "table": FRAME.astype(np.int64),
    "float64": ARRAY.astype(float),
    "nullable": FRAME.astype("Int64"),
    "one nullable": FRAME.astype({"t": np.int64, "u": "Int64", "w": np.int64}),
    "arrow": FRAME.astype("int64[pyarrow]"),
}


def served_predict(definition: Definition, X: Any) -> np.ndarray:
    return served(definition, X)["predict"]


@pytest.mark.parametrize("on", ["int64", "nullable"])
@pytest.mark.parametrize("place", ["alone", "after a selector", "before a selector"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_returns_integers_where_the_library_does(name: str, place: str, on: str) -> None:
    """Nullable integers are integers to a function of a table, and floats in an array of the table."""
    steps = {"alone": [], "after a selector": [VarianceThreshold()], "before a selector": []}[place]
    after = [VarianceThreshold()] if place == "before a selector" else []
    for last in (boosted(), Ridge()):
        model = make_pipeline(*steps, FUNCTIONS[name](), *after, last).fit(NULLABLE[on], Y)
        predictor, definition = pretzel.compile(model), export(model)
        for form, X in NULLABLE.items():
            want = answers(model, X)
            if want is None:
                continue
            for predict in (predictor.predict, partial(served_predict, definition)):
                try:
                    got = predict(X)
                except InputError as refused:
                    assert form != "float64" and "float" in str(refused), (form, str(refused))
                    continue
                np.testing.assert_allclose(got, want, **LAST_BITS, err_msg=form)


@pytest.mark.parametrize("sample", [None, "int64", "table", "missing"])
@pytest.mark.parametrize("name", ["selected", "passed through", "votes", "squared", "logarithms", "weighted"])
def test_as_deployed_it_answers_as_the_library_or_refuses_by_name(name: str, sample: str | None) -> None:
    for on in ("int64", "table"):
        model = fitted(name, FORMS[on])
        definition = export(model, sample=None if sample is None else FORMS[sample])
        for form, X in FORMS.items():
            try:
                got = served(definition, X)["predict"]
            except InputError as refused:
                assert "column '" in str(refused) and "convert" in str(refused)
                assert form != sample or on == "int64", (on, form, str(refused))
                continue
            want = answers(model, X)
            if want is not None:
                np.testing.assert_allclose(got, want, **LAST_BITS, err_msg=f"{on}, {form}")


def test_floats_with_missing_values_are_served_where_the_sample_held_integers() -> None:
    model = fitted("selected", FRAME)
    definition = export(model, sample=FRAME)
    assert {str(node.type) for node in definition.inputs} == {"f64"}
    X = FORMS["missing"]
    np.testing.assert_array_equal(served(definition, X)["predict"], model.predict(X))


def test_a_required_integer_column_is_named_with_its_type() -> None:
    definition = export(fitted("squared", ARRAY), sample=ARRAY)
    np.testing.assert_array_equal(served(definition, ARRAY)["predict"], fitted("squared", ARRAY).predict(ARRAY))
    assert definition.metadata["typed"] == "array"
    assert [str(node.type) for node in definition.inputs] == ["i64[3]"]
    with pytest.raises(
        InputError, match="column 'X': .* deployed with array of int64, and the answers .* for array of float64 differ"
    ):
        served(definition, ARRAY.astype(float))
    with pytest.raises(InputError, match="column 'X': .* answers of its library for table of int64 differ"):
        served(definition, FRAME.astype(np.int64))
    with pytest.raises(InputError, match="column 'X': the library computes in int64"):
        served(export(fitted("squared", ARRAY)), ARRAY)


def test_integers_that_float32_holds_are_never_refused() -> None:
    """Steps that read float32 and steps that read float64 get the same numbers."""
    model, small = fitted("votes", ARRAY), ARRAY % 2**20
    np.testing.assert_allclose(served(export(model), small)["predict"], model.predict(small), rtol=1e-9)


def test_lists_of_integers_are_objects_to_a_column_transformer_and_an_array_to_others() -> None:
    for name in ("passed through", "selected"):
        model, rows = fitted(name, ARRAY), ARRAY.tolist()
        for definition in (export(model), export(model, sample=ARRAY)):
            np.testing.assert_array_equal(served(definition, rows)["predict"], model.predict(rows))


TRANSFORMERS = {
    "selector": VarianceThreshold,
    "passed": lambda: make_column_transformer(("passthrough", [0, 2])),
    "squared": lambda: FunctionTransformer(np.square),
    "absolute": lambda: FunctionTransformer(np.abs),
    "negative": lambda: FunctionTransformer(np.negative),
    "roots": lambda: FunctionTransformer(np.sqrt),
}


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float32"])
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_results_have_the_type_of_the_library(name: str, dtype: str) -> None:
    X = RNG.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (20, 3), dtype) if "int" in dtype else ARRAY[:20]
    X = np.abs(X.astype(dtype)) if name == "roots" else X.astype(dtype)
    transformer = TRANSFORMERS[name]().fit(X)
    if name == "roots" and dtype in ("int8", "uint8"):  # NumPy answers in float16
        with pytest.raises(UnsupportedError, match="convert the column to float64 first"):
            pretzel.compile(transformer).transform(X)
        return
    with np.errstate(all="ignore"):
        want, got = transformer.transform(X), pretzel.compile(transformer).transform(X)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got, want)
