"""Labels that a model rejects like its library, and unsupported models of labels."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import LabelBinarizer, LabelEncoder

import pretzel
from pretzel.errors import InputError, UnsupportedError


@pytest.mark.parametrize(
    ("classes", "asked"),
    [(["a", "b"], ["a", "c"]), ([1, 2], [1, 3]), ([1.5, 2.0], [1.5, np.nan]), ([1.5, 2.0], [np.inf])],
)
def test_an_encoder_refuses_labels_that_it_has_not_seen(classes: Any, asked: Any) -> None:
    encoder = LabelEncoder().fit(classes)
    with pytest.raises(ValueError, match="previously unseen labels"):
        encoder.transform(asked)
    with pytest.raises(InputError, match=r"row \d: Found unknown categories .* in column y"):
        pretzel.compile(encoder).transform(asked)


def test_an_unknown_label_of_two_classes_has_an_undefined_width() -> None:
    binarizer = LabelBinarizer().fit(["no", "yes"])
    assert binarizer.transform(["perhaps"]).shape == (1, 1)
    assert binarizer.transform(["perhaps", "no", "yes"]).shape == (3, 2)
    with pytest.raises(InputError, match="row 0: Found unknown categories"):
        pretzel.compile(binarizer).transform(["perhaps"])


@pytest.mark.parametrize("asked", [[1.0, np.nan], np.array([1.0, np.inf]), [2, None]])
def test_a_binarizer_refuses_missing_numbers(asked: Any) -> None:
    binarizer = LabelBinarizer().fit([1, 2, 3])
    with pytest.raises(ValueError, match=r"NaN|infinity|unknown|not known"):
        binarizer.transform(asked)
    with pytest.raises(InputError, match="Input X contains"):
        pretzel.compile(binarizer).transform(asked)


@pytest.mark.parametrize(
    ("classes", "asked", "says"),
    [
        (["a", "b", "c"], [np.nan], "the label is missing"),
        (["a", "b", "c"], ["a", None], "the label is missing"),
        (["a", "b", "c"], pd.Series(["b", None]), "the label is missing"),
        ([1, 2, 3], [2, 1.5], "not whole"),
        ([1.0, 2.0, 3.0], np.float32([2.5, 1]), "not whole"),
    ],
)
def test_a_binarizer_refuses_what_is_no_label(classes: Any, asked: Any, says: str) -> None:
    binarizer = LabelBinarizer().fit(classes)
    with pytest.raises((ValueError, TypeError)):
        binarizer.transform(asked)
    with pytest.raises(InputError, match=rf"row \d: .*{says}"):
        pretzel.compile(binarizer).transform(asked)


@pytest.mark.parametrize(
    ("estimator", "says"),
    [
        (LabelEncoder().fit([2**60, 1]), "float64 cannot hold an integer label"),
        (LabelBinarizer().fit([2.0**53, 1.0, 0.0]), "float64 cannot hold an integer label"),
        (LabelEncoder().fit(np.array([b"a", b"b"])), "its labels are of type"),
        (LabelBinarizer().fit(np.eye(2, dtype=int)), "fitted on rows of labels"),
    ],
)
def test_labels_that_cannot_be_served_are_refused(estimator: Any, says: str) -> None:
    with pytest.raises(UnsupportedError, match=says):
        pretzel.compile(estimator)
