"""MultiLabelBinarizer over labels of any type: labels equal in a Python dictionary are one label."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import MultiLabelBinarizer

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.plan.spelling import UNKNOWN, spell

LABELS: list[Any] = [
    *(0, 1, -1, 7, 2**53 + 1, -(2**80), True, False, 0.0, -0.0, 1.0, 0.5, 1e300, float("inf"), -float("inf")),
    *("1", "0.5", "True", "", "a", "a b", "'1", "?", "ß", np.int64(7), np.uint8(1), np.float32(0.5), np.bool_(True)),
    *(Decimal("0.5"), Decimal("0.1"), Decimal(10) ** 400, Fraction(1, 3), 1 + 0j, None, b"1", (1, 2), float("nan")),
]
KEYS = [label for label in LABELS if isinstance(label, (str, int, float, np.number, np.bool_)) and label == label]


def answers(estimator: MultiLabelBinarizer, rows: Any) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about unknown labels
        return np.asarray(estimator.transform(rows))


@given(st.lists(st.sampled_from(KEYS), min_size=1), st.lists(st.lists(st.sampled_from(LABELS)), min_size=1))
def test_any_labels_are_found_as_a_dictionary_finds_them(seen: list[Any], rows: list[list[Any]]) -> None:
    classes = list(dict.fromkeys(seen))
    estimator = MultiLabelBinarizer(classes=classes).fit([classes])
    predictor = pretzel.compile(estimator)
    if all(isinstance(label, str) and label for label in classes):
        rows = [[label for label in row if isinstance(label, str)] for row in rows]
    got, want = predictor.transform(rows), answers(estimator, rows)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got, want)


@given(st.sampled_from(LABELS), st.sampled_from(LABELS))
def test_two_labels_are_spelled_alike_exactly_where_they_are_one_key(a: Any, b: Any) -> None:
    if UNKNOWN not in (spell(a), spell(b)):
        assert (spell(a) == spell(b)) == (b in {a})


INTEGERS = [[1, 2], [3], [-5, 2**62 + 1], []]
FORMS = {
    "lists": [[1, 3], [99], [-5, 2**62 + 1, 2]],
    "tuples": [(1, 3), (99,), ()],
    "sets": [{1, 3}, {99}, set()],
    "arrays": [np.array([1, 3]), np.array([2], np.int8), np.array([1.0, 2.5])],
    "matrix": np.array([[1, 3], [2, 99]]),
    "series": pd.Series([[1, 3], [99], [2]]),
    "booleans": [[True, False], [True]],
    "mixed": [[1, "1", None, 3.0], ["x"]],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sparse", [False, True])
def test_integers_come_in_any_form(form: str, sparse: bool) -> None:
    estimator = MultiLabelBinarizer(sparse_output=sparse).fit(INTEGERS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = estimator.transform(FORMS[form])
    got = pretzel.compile(estimator).transform(FORMS[form])
    assert got.dtype == want.dtype
    assert (got != want).sum() == 0


def test_rows_that_are_not_lists_of_labels_are_refused() -> None:
    predictor = pretzel.compile(MultiLabelBinarizer().fit(INTEGERS))
    with pytest.raises(InputError, match="row 1: expected a list of labels, got int 3"):
        predictor.transform([[1], 3])
    with pytest.raises(InputError, match=r"row 0: a label is not a key .*unhashable"):
        predictor.transform([[[1]]])


def test_classes_that_equal_nothing_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="neither texts nor numbers"):
        pretzel.compile(MultiLabelBinarizer().fit([[1.0, float("nan")]]))


@pytest.mark.timeout(10)  # the exact value of some takes seconds
@pytest.mark.parametrize(
    "label",
    [10**5000, Decimal("1e3000000"), Decimal("1e-3000000"), np.longdouble("1e4900")],
    ids=["whole", "large", "small", "extended"],
)
def test_labels_beyond_all_classes_are_unknown(label: Any) -> None:
    assert spell(label) == UNKNOWN


@pytest.mark.parametrize("label", [np.complex64(1), Decimal("1.00"), True, 1.0, np.int8(1)])
def test_labels_equal_to_one_are_written_as_one(label: Any) -> None:
    assert spell(label) == "1"


def test_a_signaling_nan_is_not_a_key() -> None:
    with pytest.raises(TypeError, match="signaling NaN"):
        spell(Decimal("sNaN"))
