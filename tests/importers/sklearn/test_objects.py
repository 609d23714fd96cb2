"""Encoders and imputers over columns of True, 1, "1", None, NaN and NA: the library's answer, or a refusal by name."""

from __future__ import annotations

import itertools
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.helpers.examples import drawing
from tests.importers.sklearn.objects import FITTED, NAN, VALUES, as_library, forms, is_named


def one_hot(**options: Any) -> OneHotEncoder:
    return OneHotEncoder(sparse_output=False, **options)


def imputed(encoder: Any, **options: Any) -> Pipeline:
    return make_pipeline(SimpleImputer(**options), encoder)


IGNORING = one_hot(handle_unknown="ignore")
NUMBERED = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
ENCODERS: dict[str, Any] = {
    "one-hot": IGNORING,
    "one-hot, error": one_hot(),
    "one-hot, first dropped": one_hot(handle_unknown="ignore", drop="first"),
    "one-hot, binary dropped": one_hot(drop="if_binary"),
    "one-hot, infrequent": one_hot(handle_unknown="infrequent_if_exist", min_frequency=3),
    "ordinal": NUMBERED,
    "ordinal, error": OrdinalEncoder(),
    "ordinal, infrequent": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=NAN, max_categories=2),
    "target": TargetEncoder(target_type="binary"),
    "most frequent": imputed(IGNORING, strategy="most_frequent"),
    "most frequent for None": imputed(IGNORING, strategy="most_frequent", missing_values=None),
    "most frequent for NA": imputed(IGNORING, strategy="most_frequent", missing_values=pd.NA),
    "most frequent for 0": imputed(NUMBERED, strategy="most_frequent", missing_values=0),
    "indicator": imputed(NUMBERED, strategy="most_frequent", add_indicator=True),
    "constant": imputed(IGNORING, strategy="constant", fill_value=False),
    "constant text": imputed(IGNORING, strategy="constant", fill_value="missing"),
    "mean": SimpleImputer(),
}
NO_ANSWER = (
    *("ufunc 'isnan' not supported", "y contains previously unseen labels", "does not support data with dtype bool"),
    *("cannot be cast to the input data", "argument must be an integer"),
)
"""Errors of the library by the type of the array rather than by a value: without an answer to compare."""


def fitted(encoder: Any, values: list[Any], form: str) -> tuple[Any, Any] | None:
    """Return the encoder fitted on a form of the values, and the form; None if the library cannot."""
    rows = values * 3 + values[:1]
    x = dict(forms(rows)).get(form)
    targets = [np.arange(len(rows)) % 2] if isinstance(encoder, TargetEncoder) else []
    try:
        return (clone(encoder).fit(as_library(form, x), *targets), x) if x is not None else None
    except (TypeError, ValueError):
        return None


def assert_answers(model: Any, predictor: Any, form: str, x: Any) -> bool:
    """Fail if the answer differs from the library's; return whether there was one."""
    try:
        got = predictor.transform(x)
    except InputError:
        return False
    try:
        want = model.transform(as_library(form, x))
    except (TypeError, ValueError) as error:
        assert any(known in str(error) for known in NO_ANSWER), f"{form}: {x!r} is answered, but the library: {error}"
        return False
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got, want, err_msg=f"{form}: {x!r}")
    return True


QUIET = drawing(150, suppress_health_check=list(HealthCheck))
FORMS = sorted({form for values in FITTED for form, _ in forms(values)})


@QUIET
@given(st.sampled_from(list(ENCODERS)), st.sampled_from(FITTED), st.sampled_from(FORMS), st.data())
def test_any_column_is_read_as_the_library_reads_it(
    name: str, values: list[Any], form: str, data: st.DataObject
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pair = fitted(ENCODERS[name], values, form)
        if pair is None:
            return
        model, x = pair
        try:
            predictor = pretzel.compile(model)
        except UnsupportedError:
            return
        fresh = data.draw(st.lists(st.sampled_from(values) | st.sampled_from(VALUES), min_size=1, max_size=3))
        for other, asked in forms(fresh):
            if is_named(asked) == is_named(x):
                assert_answers(model, predictor, other, asked)


@pytest.mark.long
@pytest.mark.parametrize("name", ["one-hot", "ordinal", "most frequent", "most frequent for NA", "indicator"])
def test_every_value_is_read_as_the_library_reads_it(name: str) -> None:
    answers, seen = 0, set()
    for values, form in itertools.product(FITTED, FORMS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pair = fitted(ENCODERS[name], values, form)
            if pair is None:
                continue
            try:
                digest = export(pair[0]).digest
                predictor = pretzel.compile(pair[0])
            except UnsupportedError:
                continue
            if digest in seen:  # many forms are one column
                continue
            seen.add(digest)
            for value in VALUES:
                for other, asked in forms([value]):
                    if is_named(asked) == is_named(pair[1]):
                        answers += assert_answers(pair[0], predictor, other, asked)
    assert answers > 100


SERVED = [
    ("list", [True, False, NAN], [[None], [True], [NAN]]),
    ("list", [True, False, None], [[None], [True], [NAN]]),
    ("objects", [True, None, NAN], np.array([[None], [1.0], [NAN], [0]], object)),
    ("pandas", [True, False, None], pd.DataFrame({"a": [None, True]})),
    ("pandas", [True, False, None], [{"a": None}, {"a": False}]),
    ("boolean", [True, False, None], pd.DataFrame({"a": pd.array([None, True], dtype="boolean")})),
    ("pandas", [1.5, None], [{"a": None}, {"a": 1.5}]),
    ("pandas", ["x", None], [{"a": None}, {"a": "x"}]),
    ("polars", [True, False, None], pl.DataFrame({"a": [None, True]})),
]


@pytest.mark.parametrize("name", ["one-hot", "ordinal", "target", "most frequent", "most frequent for NA"])
@pytest.mark.parametrize(("form", "values", "asked"), SERVED)
def test_common_columns_are_served(name: str, form: str, values: list[Any], asked: Any) -> None:
    pair = fitted(ENCODERS[name], values, form)
    assert pair is not None
    model, predictor = pair[0], pretzel.compile(pair[0])
    named = "dictionaries" if isinstance(asked, list) and isinstance(asked[0], dict) else form
    assert assert_answers(model, predictor, named, asked)


@pytest.mark.parametrize(
    ("values", "asked", "says"),
    [
        ([True, False, NAN], [[None], ["True"]], "row 1: expected a number, got 'True', which is a text"),
        ([True, False, NAN], [[pd.NA]], "row 0: pandas.NA, which the model does not take as missing"),
        ([0.1, None], np.array([[None], [2**53 + 1]], object), "row 1: no float64 equals 9007199254740993"),
        ([0.1, None], np.array([[0.1], [Decimal("0.1")]], object), "row 1: no float64 equals Decimal"),
        (["a", None], np.array([["a"], [pd.NA]], object), "row 1: pandas.NA"),
    ],
)
def test_values_that_no_column_distinguishes_are_refused(values: list[Any], asked: Any, says: str) -> None:
    predictor = pretzel.compile(clone(IGNORING).fit([[value] for value in values]))
    with pytest.raises(InputError, match=rf"column .X.: {says}"):
        predictor.transform(asked)


def table(rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "city": pd.Series([["x", "x", "y", None][i] for i in rng.integers(0, 4, rows)], dtype=object),
            "member": pd.Series(
                [[True, True, True, False, None, NAN][i] for i in rng.integers(0, 6, rows)], dtype=object
            ),
            "count": pd.Series([[1, 1, 2, NAN][i] for i in rng.integers(0, 4, rows)], dtype=object),
        }
    )


@pytest.mark.parametrize("encoder", [IGNORING, NUMBERED, OrdinalEncoder()])
@pytest.mark.parametrize("missing", [NAN, None, pd.NA])
def test_one_imputer_of_texts_and_booleans(encoder: Any, missing: Any) -> None:
    frame = table()
    if missing is None:  # then a NaN is rejected
        frame = pd.DataFrame(
            {name: pd.Series([*column.dropna()[:20], None], dtype=object) for name, column in frame.items()}
        )
    model = imputed(clone(encoder), strategy="most_frequent", missing_values=missing).fit(frame)
    got, want = pretzel.compile(model).transform(frame), model.transform(frame)
    np.testing.assert_array_equal(got, want)
    model = model.named_steps["simpleimputer"]
    with pytest.raises(UnsupportedError, match="texts and numbers in one array"):
        pretzel.compile(model)


def test_objects_are_read_by_a_model_and_not_answered() -> None:
    frame, y = table()[["member", "count"]], np.arange(60) % 2
    trees = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=2)
    model = imputed(trees, strategy="most_frequent").fit(frame, y)
    np.testing.assert_allclose(pretzel.compile(model).predict_proba(frame), model.predict_proba(frame))
    with pytest.raises(UnsupportedError, match="fitted on objects and returns objects"):
        pretzel.compile(SimpleImputer(strategy="most_frequent").fit(frame))


@pytest.mark.parametrize("categorical", ["from_dtype", ["c"]])
def test_nulls_in_dictionaries_of_arrow_are_refused_by_trees_of_histograms(categorical: Any) -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["a", "b", None, "a"] * 20), "x": np.arange(80) % 7.0})
    y = frame.c.isna() | (frame.x > 3)
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features=categorical).fit(frame, y)
    predictor = pretzel.compile(model)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pytest.raises(InputError, match=r"column 'c', row 2: null in an Arrow dictionary.*pass table.to_pandas\(\)"):
        predictor.predict_proba(table)
    for x in (table[:2], table.to_pandas(), table.set_column(0, "c", table["c"].cast("string"))):
        np.testing.assert_allclose(predictor.predict_proba(x), model.predict_proba(x))


def test_nulls_of_polars_that_other_columns_decide_are_refused() -> None:
    frame = pl.DataFrame({"a": [True, False, None], "b": [1.0, 2.0, None]})
    model = clone(IGNORING).fit(frame)
    predictor = pretzel.compile(model)
    np.testing.assert_array_equal(predictor.transform(frame[:2]), model.transform(frame[:2]))
    with pytest.raises(InputError, match="column 'a', row 2: null in a column of type Boolean"):
        predictor.transform(frame)
