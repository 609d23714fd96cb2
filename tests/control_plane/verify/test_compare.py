"""Comparison of outputs with the library's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.control_plane.verify.compare import SINGLE_ROW, Tolerance, Value, compare, tolerance_of
from pretzel.errors import InputError, VerificationError
from pretzel.plan.encoding import decode, encode
from pretzel.plan.values import Csr, Labels, Texts
from pretzel.plan.wire import columns_from_bytes, columns_to_bytes

NAN, INF = math.nan, math.inf


def floats(*values: float) -> np.ndarray:
    return np.array(values)


def matrix(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float64)


EQUAL = {
    "exact": (floats(1, 2), floats(1, 2)),
    "relative": (floats(1 + 9e-7), floats(1)),
    "scale of the column": (floats(1e9, 0.9), floats(1e9, 0)),
    "nan and infinities": (floats(NAN, INF, -INF), floats(NAN, INF, -INF)),
    "zero and minus zero": (floats(-0.0), floats(0.0)),
    "float32 for float64": (np.float32([0.1]), floats(0.1)),
    "integers": (np.int64([1, 2]), np.int32([1, 2])),
    "no rows": (np.zeros((0, 3)), np.zeros((0, 3))),
    "no columns": (np.zeros((3, 0)), np.zeros((3, 0))),
    "texts": (Texts.of(["a", None, NAN]), Texts.of(["a", None, NAN])),
    "two columns of texts": (Texts.of(["a", "b"], 2), Texts.of(["a", "b"], 2)),
    "only missing texts": (Texts.of([NAN, NAN]), Texts.of([NAN, NAN])),
    "codes for texts": (Labels(np.array([1, 0]), ["no", "yes"]), Texts.of(["yes", "no"])),
    "codes for numbers": (Labels(np.array([1, 0]), np.array([7, 9])), np.array([9, 7])),
    "different tables": (Labels(np.array([1]), ["a", "b"]), Labels(np.array([0]), np.array(["b"]))),
    "sparse": (Csr.of(matrix([0, 1], [2, 0])), Csr.of(matrix([0, 1 + 1e-8], [2, 0]))),
    "sparse for dense": (Csr.of(matrix([0, 1])), matrix([0, 1])),
    "a stored zero": (
        Csr(floats(0, 1), np.int32([0, 1]), np.int64([0, 2]), 2),
        Csr(floats(1), np.int32([1]), np.int64([0, 1]), 2),
    ),
    "stored twice, out of order": (
        Csr(floats(3, 1, 1), np.int32([1, 0, 0]), np.int64([0, 3]), 2),
        Csr(floats(2, 3), np.int32([0, 1]), np.int64([0, 2]), 2),
    ),
}

DIFFERENT = {
    "relative": (floats(1 + 2e-6), floats(1), r"row 0: expected 1\.0, got 1\.000002; they differ by 2e-06"),
    "another column's scale": (matrix([1e9, 1], [1, 1]), matrix([1e9, 1.1], [1, 1]), "row 0, column 1: expected 1.1"),
    "nan for a number": (floats(NAN), floats(1), r"expected 1\.0, got nan"),
    "a number for nan": (floats(1), floats(NAN), r"expected nan, got 1\.0"),
    "a number for infinity": (floats(5), floats(INF), r"expected inf, got 5\.0"),
    "infinity for a number": (floats(INF), floats(5), r"expected 5\.0, got inf"),
    "the other infinity": (floats(-INF), floats(INF), "expected inf, got -inf"),
    "anything where all is zero": (floats(1e-300), floats(0), r"expected 0\.0, got 1e-300"),
    "integers": (np.array([1, 3]), np.array([1, 2]), "row 1: expected 2, got 3; 1 of 2 values are wrong"),
    "rows": (floats(1, 2), floats(1), r"expected shape \(1,\), got \(2,\)"),
    "dimensions": (matrix([1.0]), floats(1), r"expected shape \(1,\), got \(1, 1\)"),
    "texts": (Texts.of(["a", "c"]), Texts.of(["a", "b"]), "row 1: expected 'b', got 'c'"),
    "nan for none": (Texts.of([NAN]), Texts.of([None]), "expected None, got nan"),
    "nan is not a text": (Texts.of([NAN]), Texts.of(["nan"]), "expected 'nan', got nan"),
    "labels": (Labels(np.array([1]), ["no", "yes"]), Texts.of(["no"]), "row 0: expected 'no', got 'yes'"),
    "a number for a text": (np.array([1]), Texts.of(["1"]), "expected '1', got 1"),
    "sparse": (
        Csr.of(matrix([0, 1], [2, 0])),
        Csr.of(matrix([0, 1], [0, 2])),
        "row 1, column 0: expected 0.0, got 2.0",
    ),
    "sparse widths": (Csr.of(matrix([1.0])), Csr.of(matrix([1, 0])), r"expected shape \(1, 2\), got \(1, 1\)"),
}


@pytest.mark.parametrize("case", EQUAL)
def test_the_same(case: str):
    got, want = EQUAL[case]
    assert compare("out", got, want, Tolerance()) <= 1e-6 or case == "scale of the column"


@pytest.mark.parametrize("case", DIFFERENT)
def test_different(case: str):
    got, want, message = DIFFERENT[case]
    with pytest.raises(VerificationError, match=r"output 'out'.*" + message):
        compare("out", got, want, Tolerance())


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_every_value_equals_itself_with_no_tolerance(values: list[float]):
    assert compare("out", floats(*values), floats(*values), Tolerance(0.0, 0.0)) == 0.0


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.integers(0, 19), st.sampled_from([1.0, -1.0, NAN, INF])
)
def test_a_value_that_is_far_off_never_passes(values: list[float], at: int, off: float):
    got = floats(*values)
    got[at % len(got)] += off * (1 + abs(got).max())
    with pytest.raises(VerificationError, match=f"row {at % len(got)}"):
        compare("out", got, floats(*values), Tolerance())


@given(
    st.lists(st.lists(st.sampled_from([0.0, 1.0, -2.5, NAN]), min_size=3, max_size=3), max_size=6), st.integers(0, 99)
)
def test_sparse_and_dense_agree(rows: list[list[float]], flip: int):
    dense = np.array(rows, np.float64).reshape(len(rows), 3)
    other = dense.copy()
    if flip < other.size:
        other.flat[flip] += 1
    answers = []
    for got, want in ((other, dense), (Csr.of(other), Csr.of(dense)), (Csr.of(other), dense)):
        try:
            answers.append(str(compare("out", got, want, Tolerance())))
        except VerificationError as error:
            answers.append(str(error).split(";")[0])
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(("relative", "absolute"), [(-1.0, 0.0), (0.0, -1.0), (NAN, 0.0), (0.0, INF)])
def test_an_invalid_tolerance(relative: float, absolute: float):
    with pytest.raises(InputError, match=r"tolerance: (relative|absolute) is"):
        Tolerance(relative, absolute)


@pytest.mark.parametrize("case", EQUAL)
def test_values_survive_the_pipe(case: str):
    for value in EQUAL[case]:
        back: Value = columns_from_bytes(decode(encode(columns_to_bytes({"out": value}))))["out"]
        assert type(back) is type(value)
        assert compare("out", back, value, Tolerance(0.0, 0.0)) == 0.0


def test_contributions_in_float32_may_be_off_by_the_rounding_of_their_row() -> None:
    want = np.float32([[1.0, 1e-4, 0.0], [100.0, 1e-4, 0.0]])
    off = want + np.float32([[0, 5e-6, 0], [0, 5e-4, 0]])
    for name in ("contributions", "contributions[2]", "interactions"):
        tolerance = tolerance_of(name, off, Tolerance())
        assert tolerance.row == SINGLE_ROW
        compare(name, off, want, tolerance)
        with pytest.raises(VerificationError, match="row 0, column 1"):
            compare(name, want + np.float32([[0, 5e-5, 0], [0, 0, 0]]), want, tolerance)
    with pytest.raises(VerificationError, match="row 0, column 1"):
        compare("predict_proba", off, want, tolerance_of("predict_proba", off, Tolerance()))
    assert tolerance_of("contributions", off.astype(np.float64), Tolerance()) == Tolerance(row=1e-9)


def test_numbers_in_float32_may_be_off_by_the_rounding_of_their_column() -> None:
    want = np.float32([[1e-4], [100.0]])
    off = want + np.float32([[1.5e-4], [0]])
    compare("decision_function", off, want, tolerance_of("decision_function", off, Tolerance()))
    wide = off.astype(np.float64), want.astype(np.float64)
    compare("decision_function", *wide, tolerance_of("decision_function", wide[0], Tolerance(), single=True))
    with pytest.raises(VerificationError, match="row 0"):
        compare("decision_function", *wide, tolerance_of("decision_function", wide[0], Tolerance()))
    with pytest.raises(VerificationError, match="row 0"):
        compare("decision_function", off * 2, want, tolerance_of("decision_function", off, Tolerance()))


def test_logarithms_in_float32_are_compared_as_probabilities() -> None:
    want, got = (np.log(np.float32([[p, 1 - p], [0.5, 0.5]])) for p in (5.3e-5, 5.306e-5))
    compare("predict_log_proba", got, want, tolerance_of("predict_log_proba", got, Tolerance()))
    for name, pair in (("decision_function", (got, want)), ("predict_log_proba", (got / 2, want))):
        with pytest.raises(VerificationError, match="row 0"):
            compare(name, *pair, tolerance_of(name, got, Tolerance()))


def test_contributions_that_cancel_are_measured_by_their_row() -> None:
    want = floats(0.5, -5e-17, -0.5)[None]
    got = floats(0.5, 0.0, -0.5)[None]
    error = compare("contributions", got, want, tolerance_of("contributions", got, Tolerance()))
    assert error == pytest.approx(1e-16)  # of the row: by the column alone, all of it would be wrong
    with pytest.raises(VerificationError, match="row 0, column 1"):
        compare("predict_proba", got, want, tolerance_of("predict_proba", got, Tolerance()))
