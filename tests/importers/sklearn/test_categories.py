"""Encoders and the imputer against scikit-learn, over texts, numbers, missing and unseen values."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served

NAN = float("nan")


def table(*, missing: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    words = ["red", "green", "blue", "déjà vu", "", *([None, NAN] if missing else [])]
    picks = rng.choice(len(words), 120, p=np.arange(len(words), 0, -1) / sum(range(len(words) + 1)))
    numbers = rng.choice([0.0, -1.5, 7.0, 1e300, *([NAN] if missing else [])], 120)
    frame = pd.DataFrame({"number": numbers, "binary": np.where(rng.random(120) < 0.2, "yes", "no")})
    frame.insert(0, "word", pd.Series([words[i] for i in picks], dtype=object))
    return frame


def unseen() -> pd.DataFrame:
    strange = {"word": ["violet", "Red", None, NAN, "red"], "number": [3.0, -0.0, NAN, 1e299, 7.0], "binary": "maybe"}
    odd = pd.DataFrame(strange).astype({"word": object, "binary": object})
    return pd.concat([table(), odd], ignore_index=True)


ONE_HOT = [
    {},
    {"drop": "first"},
    {"drop": "if_binary"},
    {"drop": ["green", 7.0, "yes"]},
    {"sparse_output": False, "dtype": np.float32},
    {"sparse_output": False, "dtype": np.int8},
    {"dtype": np.int64},
    {"min_frequency": 20},
    {"min_frequency": 0.2, "drop": "first"},
    {"max_categories": 3},
    {"max_categories": 3, "drop": "if_binary"},
    {"max_categories": 1},
]
UNKNOWN = ["ignore", "infrequent_if_exist", "warn", "error"]


@pytest.mark.parametrize("handle_unknown", UNKNOWN)
@pytest.mark.parametrize("options", ONE_HOT, ids=str)
def test_one_hot(options: dict[str, Any], handle_unknown: str) -> None:
    encoder = OneHotEncoder(handle_unknown=handle_unknown, **options).fit(table())
    assert_serves(encoder, table() if handle_unknown == "error" else unseen(), exact=True)


def test_one_hot_with_categories_given_in_any_order() -> None:
    frame = table(missing=False)[["word", "binary"]].astype(object)
    given_ones = [["", "red", "never", "déjà vu", "blue", "green"], ["yes", "no"]]
    assert_serves(OneHotEncoder(categories=given_ones).fit(frame), frame, exact=True)
    assert_serves(OneHotEncoder(categories=given_ones, drop=["blue", "yes"]).fit(frame), frame, exact=True)


@pytest.mark.parametrize("encoder", [OneHotEncoder(drop="first"), OneHotEncoder(min_frequency=3), OrdinalEncoder()])
@pytest.mark.parametrize("column", ["word", "number", "binary"])
def test_unknown_categories_are_refused_as_the_library_refuses_them(encoder: Any, column: str) -> None:
    fitted = encoder.fit(table(missing=False))
    definition, odd = export(fitted), table(missing=False)
    for value in unseen()[column][-5:]:
        bad = odd.astype({column: object})
        bad.loc[3, column] = value
        bad = bad.astype({"number": float})
        try:
            fitted.transform(bad)
        except ValueError as error:
            assert "Found unknown categories" in str(error)
            with pytest.raises(
                InputError, match=f"row 3: Found unknown categories .* in column {list(odd).index(column)}"
            ):
                served(definition, bad)
        else:
            served(definition, bad)


ORDINAL = [
    {"handle_unknown": "use_encoded_value", "unknown_value": -1},
    {"handle_unknown": "use_encoded_value", "unknown_value": NAN, "encoded_missing_value": -2},
    {"handle_unknown": "use_encoded_value", "unknown_value": 99, "dtype": np.float32},
    {"handle_unknown": "use_encoded_value", "unknown_value": 99, "dtype": np.int32, "encoded_missing_value": -2},
    {"handle_unknown": "use_encoded_value", "unknown_value": 99, "min_frequency": 20},
    {"handle_unknown": "use_encoded_value", "unknown_value": -1, "max_categories": 2, "encoded_missing_value": 50},
]


@pytest.mark.parametrize("options", ORDINAL, ids=str)
def test_ordinal(options: dict[str, Any]) -> None:
    assert_serves(OrdinalEncoder(**options).fit(table()), unseen(), exact=True)


def test_ordinal_of_arrays() -> None:
    texts = table(missing=False)[["word", "binary"]].to_numpy(object)
    assert_serves(OrdinalEncoder().fit(texts), texts, exact=True)
    numbers = np.random.default_rng(0).integers(0, 5, (50, 3)).astype(float)
    assert_serves(OrdinalEncoder().fit(numbers), numbers, exact=True)
    assert_serves(OneHotEncoder(drop="first").fit(numbers.astype(int)), numbers.astype(int), exact=True)


def numbers(marker: float, *, empty: bool) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = np.where(rng.random((80, 5)) < 0.3, marker, rng.integers(-3, 4, (80, 5)) / 2)
    x[:, 0] = np.abs(x[:, 0]) + 1  # never missing
    x[:, 3] = marker if empty else x[:, 3]
    return x


@pytest.mark.parametrize("keep_empty_features", [True, False])
@pytest.mark.parametrize("add_indicator", [True, False])
@pytest.mark.parametrize("marker", [NAN, -1, 0.5])
@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant", np.max])
def test_imputing_numbers(strategy: Any, marker: float, add_indicator: bool, keep_empty_features: bool) -> None:
    options = {"add_indicator": add_indicator, "keep_empty_features": keep_empty_features}
    if callable(strategy) and keep_empty_features:
        pytest.skip("a callable is given no value")
    x = numbers(marker, empty=not callable(strategy))
    fitted = SimpleImputer(strategy=strategy, missing_values=marker, fill_value=7.5, **options).fit(x)
    assert_serves(fitted, x, exact=True)
    assert_serves(fitted, x.astype("f4"), sample=x.astype("f4"), exact=True)


@pytest.mark.parametrize("marker", [NAN, None, "red", pd.NA], ids=str)
@pytest.mark.parametrize("strategy", ["most_frequent", "constant"])
def test_imputing_texts(strategy: str, marker: Any) -> None:
    frame = table()[["word", "binary"]]
    if marker is None or isinstance(marker, str):  # the library then rejects NaN
        frame["word"] = pd.Series(["x" if word != word else word for word in frame["word"]], dtype=object)
    fitted = SimpleImputer(strategy=strategy, missing_values=marker).fit(frame.astype(object))
    assert_serves(fitted, frame.astype(object), exact=True)


def test_a_missing_text_that_is_not_the_marker_is_refused() -> None:
    frame = table(missing=False)[["word"]].astype(object)
    fitted = SimpleImputer(strategy="most_frequent", missing_values="red").fit(frame)
    definition = export(fitted)
    frame.loc[5, "word"] = NAN
    with pytest.raises(ValueError, match="contains NaN"):
        fitted.transform(frame)
    with pytest.raises(InputError, match="row 5, column 0: Input X contains NaN"):
        served(definition, frame)


@pytest.mark.parametrize("encoder", [OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder(**ORDINAL[0])])
def test_encoders_refuse_infinities(encoder: Any) -> None:
    x = np.arange(8.0).reshape(4, 2)
    fitted = encoder.fit(x)
    definition = export(fitted)
    x[2, 1] = np.inf
    with pytest.raises(ValueError, match="Input contains infinity"):
        fitted.transform(x)
    with pytest.raises(InputError, match="contains infinity .*row 2"):
        served(definition, x)


@pytest.mark.parametrize("value", [np.inf, -np.inf, NAN])
def test_an_imputer_refuses_what_the_library_refuses(value: float) -> None:
    x = numbers(-1, empty=False)
    fitted = SimpleImputer(missing_values=-1).fit(x)
    definition = export(fitted)
    x[4, 2] = value
    with pytest.raises(ValueError, match=r"Input X contains"):
        fitted.transform(x)
    with pytest.raises(InputError, match=r"Input X contains .*row 4, column 2"):
        served(definition, x)


def test_what_cannot_be_served_is_refused_by_name() -> None:
    frame = table()
    with pytest.raises(UnsupportedError, match=r"OneHotEncoder\(dtype=.*int8"):
        export(OneHotEncoder(dtype=np.int8).fit(frame))
    with pytest.raises(UnsupportedError, match=r"OrdinalEncoder\(categories=.*of type Decimal; make them"):
        export(OrdinalEncoder().fit(np.array([[Decimal(1)], [Decimal(2)]], object)))
    with pytest.raises(UnsupportedError, match=r"several kinds \(Decimal, Fraction\)"):
        export(OrdinalEncoder().fit(np.array([[Decimal(1)], [Fraction(1, 3)]], object)))
    with pytest.raises(UnsupportedError, match=r"OneHotEncoder\(categories=.*float64 cannot hold"):
        export(OneHotEncoder().fit(np.array([[2**53 + 1], [1]])))
    with pytest.raises(UnsupportedError, match=r"SimpleImputer\(add_indicator=True"):
        export(SimpleImputer(strategy="most_frequent", add_indicator=True).fit(frame[["word"]].astype(object)))
    both = frame[["word", "number"]].astype(object)
    with pytest.raises(UnsupportedError, match=r"SimpleImputer\(strategy='most_frequent'.*in one array"):
        export(SimpleImputer(strategy="most_frequent").fit(both))


QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.sampled_from(["a", "b", "", "ß", "a" * 9, None, NAN]) | st.text(max_size=3)
NUMBERS = st.sampled_from([0.0, -0.0, 1.0, NAN, 5e-324, 0.1, np.inf]) | st.integers(-3, 3).map(float)


@QUIET
@given(data=st.data(), cells=st.sampled_from([WORDS, NUMBERS]))
def test_any_column_is_encoded_as_the_library_encodes_it(data: st.DataObject, cells: st.SearchStrategy[Any]) -> None:
    numeric = cells is NUMBERS
    seen = data.draw(st.lists(cells.filter(lambda v: v != np.inf), min_size=1, max_size=12))
    fresh = data.draw(st.lists(cells.filter(lambda v: v != np.inf), min_size=1, max_size=6))
    known, rows = (pd.DataFrame({"c": pd.Series(v, dtype=float if numeric else object)}) for v in (seen, seen + fresh))
    frequency = data.draw(st.none() | st.integers(1, 3))
    drop = data.draw(st.sampled_from([None, "first", "if_binary"]))
    unknown = data.draw(st.sampled_from(["ignore", "infrequent_if_exist"]))
    one_hot = OneHotEncoder(min_frequency=frequency, drop=drop, handle_unknown=unknown)
    ordinal = OrdinalEncoder(min_frequency=frequency, handle_unknown="use_encoded_value", unknown_value=-1)
    assume(numeric or any(isinstance(word, str) for word in seen))
    for encoder in (one_hot, ordinal):
        fitted = encoder.fit(known)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            want = fitted.transform(rows)
        got = served(export(fitted), rows)["transform"]
        want = want.toarray() if hasattr(want, "toarray") else want
        np.testing.assert_array_equal(got.dense() if hasattr(got, "dense") else got, want)
