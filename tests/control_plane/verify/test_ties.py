"""Labels may differ from the library's at ties of the scores, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.control_plane.verify.compare import Tolerance, compare, count_ties
from pretzel.control_plane.verify.ties import score_output, tied_labels
from pretzel.errors import VerificationError
from pretzel.plan.values import Labels, Texts

CLASSES = ["a", "b", "c"]
THIRD = 1 / 3


def labels(*codes: int) -> Labels:
    return Labels(np.array(codes, np.int64), CLASSES)


def texts(*codes: int) -> Texts:
    return Texts.of([CLASSES[code] for code in codes])


def check(got: Labels, want: Texts, scores: np.ndarray, name: str = "predict_proba") -> int:
    tied = tied_labels("predict", got, want, {name: scores}, {})
    compare("predict", got, want, Tolerance(), tied)
    return count_ties(got, want, tied)


def test_a_tie_of_the_librarys_scores_excuses_a_label() -> None:
    scores = np.array([[THIRD, np.nextafter(THIRD, 1), THIRD], [0.2, 0.2, 0.6]])
    assert check(labels(1, 2), texts(0, 2), scores) == 1


@pytest.mark.parametrize("gap", [1e-11, 1e-6, 0.1])
def test_a_gap_beyond_rounding_excuses_nothing(gap: float) -> None:
    with pytest.raises(VerificationError, match="output 'predict', row 0: expected 'a', got 'b'"):
        check(labels(1), texts(0), np.array([[0.5, 0.5 - gap, 0.0]]))


def test_a_label_that_is_not_among_the_best_is_wrong() -> None:
    with pytest.raises(VerificationError, match="expected 'a', got 'c'"):
        check(labels(2), texts(0), np.array([[0.5, 0.5, 0.0]]))


def test_float32_scores_have_the_rounding_of_float32() -> None:
    scores = np.array([[0.5, 0.4999995, 0.0]], np.float32)
    assert check(labels(1), texts(0), scores) == 1
    with pytest.raises(VerificationError):
        check(labels(1), texts(0), scores.astype(np.float64))


def test_a_single_score_decides_by_its_sign() -> None:
    scores = np.array([1e-16, 3.0])
    assert check(labels(0, 1), texts(1, 1), scores, "decision_function") == 1
    with pytest.raises(VerificationError):
        check(labels(1, 0), texts(1, 1), scores, "decision_function")


def test_several_labels_per_row_are_compared_one_by_one() -> None:
    got, want = np.array([[1, 0], [1, 1]]), np.array([[0, 0], [1, 1]])
    scores = np.array([[0.5, 0.1], [0.9, 0.8]])
    assert count_ties(got, want, tied_labels("predict", got, want, {"predict_proba": scores}, {})) == 1
    assert not tied_labels("predict", got, want, {"predict_proba": scores + 0.1}, {})[0, 0]


def test_our_scores_decide_if_the_library_has_none() -> None:
    scores = {"predict_proba": np.array([[0.5, 0.5, 0.0]])}
    assert tied_labels("predict", labels(0), texts(1), {}, scores).tolist() == [True]
    assert tied_labels("predict", labels(0), texts(1), {}, {}) is False


@pytest.mark.parametrize(
    ("output", "available", "scores"),
    [
        ("predict", ["predict", "decision_function"], "decision_function"),
        ("predict", ["decision_function", "predict_proba"], "predict_proba"),
        ("predict[1]", ["predict_proba[0]", "predict_proba[1]"], "predict_proba[1]"),
        ("transform", ["predict_proba"], None),
        ("predict", ["predict"], None),
    ],
)
def test_the_scores_of_an_output(output: str, available: list[str], scores: str | None) -> None:
    assert score_output(output, available) == scores


@given(st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3), min_size=1, max_size=5), st.data())
def test_only_classes_with_the_best_score_are_excused(rows: list[list[float]], data: st.DataObject) -> None:
    scores = np.array(rows)
    one, other = (data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows))) for _ in "ab")
    tied = tied_labels("predict", labels(*one), texts(*other), {"predict_proba": scores}, {})
    gaps = scores.max(axis=1, keepdims=True) - scores
    limit = 1e-12 * np.abs(scores).max()
    for row, excused in enumerate(tied):
        assert excused == (gaps[row, one[row]] <= limit and gaps[row, other[row]] <= limit)
