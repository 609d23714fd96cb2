"""Answers for several targets are split into outputs, and joined again."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel.plan.multioutput import join, method_of, methods_of, outputs_of, split, usual_outputs

OUTPUTS = ["predict[0]", "predict[1]", "predict_proba[0]", "predict_proba[1]", "transform", "odd[1]"]


@pytest.mark.parametrize(
    ("output", "method"),
    [
        ("predict", "predict"),
        ("predict[0]", "predict"),
        ("x[12]", "x"),
        ("x[]", "x[]"),
        ("x[a]", "x[a]"),
        ("[0]", "[0]"),
    ],
)
def test_the_method_of_an_output(output: str, method: str) -> None:
    assert method_of(output) == method


def test_the_outputs_of_each_method() -> None:
    assert methods_of(OUTPUTS) == ["predict", "predict_proba", "transform", "odd"]
    assert outputs_of("predict_proba", OUTPUTS) == ["predict_proba[0]", "predict_proba[1]"]
    assert outputs_of("transform", OUTPUTS) == ["transform"]
    assert outputs_of("predict[1]", OUTPUTS) == ["predict[1]"]
    assert outputs_of("odd", OUTPUTS) == outputs_of("score_samples", OUTPUTS) == []


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("predict", np.array([["a", "bc"], ["d", "e"]])),
        ("predict_proba", [np.eye(2), np.ones((2, 3))]),
        ("transform", np.eye(2)),
    ],
)
def test_a_split_answer_is_joined_again(method: str, answer: object) -> None:
    parts = split(method, answer, outputs_of(method, OUTPUTS))
    again = join(method, list(parts.values()), list(parts))
    assert type(again) is type(answer)
    assert all(np.array_equal(a, b) for a, b in zip(again, answer, strict=True))


def test_an_answer_for_more_targets_than_there_are_outputs_is_an_error() -> None:
    with pytest.raises(ValueError, match="longer"):
        split("predict_proba", [np.eye(2)] * 3, ["predict_proba[0]", "predict_proba[1]"])


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("contributions", np.arange(8.0).reshape(2, 4)),
        ("contributions", np.arange(24.0).reshape(2, 3, 4)),
        ("interactions", np.arange(18.0).reshape(2, 3, 3)),
        ("interactions", np.arange(54.0).reshape(2, 3, 3, 3)),
    ],
)
def test_matrices_per_row_are_flattened_in_outputs(method: str, answer: np.ndarray) -> None:
    several = answer.ndim == (3 if method == "contributions" else 4)
    outputs = [f"{method}[{i}]" for i in range(answer.shape[1])] if several else [method]
    parts = split(method, answer, outputs)
    assert {part.ndim for part in parts.values()} == {2}
    np.testing.assert_array_equal(join(method, list(parts.values()), outputs), answer)


def test_the_usual_outputs() -> None:
    assert usual_outputs([*OUTPUTS, "contributions", "interactions[0]"]) == tuple(OUTPUTS)
    assert usual_outputs(["contributions"]) == ("contributions",)
