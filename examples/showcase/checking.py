"""Compare answers with scikit-learn's: equal labels, floats within Pretzel's stated tolerance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import pretzel
from pretzel.errors import PretzelError
from showcase.trained import Trained

RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""|got - want| <= RELATIVE |want| + ABSOLUTE scale, where scale is the largest |want| of the column."""


@dataclass(slots=True)
class Checked:
    """The result of comparing one model."""

    model: Trained
    answers: int = 0
    """Rows times methods."""
    differing: int = 0
    problems: list[str] = field(default_factory=list)


def check(model: Trained, client: pretzel.Client) -> Checked:
    """Score all unseen rows by every method of a model, and compare each row."""
    checked = Checked(model)
    for method in model.methods:
        want = getattr(model.estimator, method)(model.rows)
        rows = len(model.rows)
        try:
            wrong = differing_rows(client.score(model.name, model.rows, method), want)
        except PretzelError as error:
            wrong = np.arange(rows)
            checked.problems.append(f"{model.name}.{method}: {error}")
        checked.answers += rows
        checked.differing += len(wrong)
        if len(wrong):
            checked.problems.append(f"{model.name}.{method}: {len(wrong)} of {rows} rows differ, row {wrong[0]} first")
    return checked


def differing_rows(got: Any, want: Any) -> np.ndarray:
    """Return the numbers of differing rows; all rows if the shapes or the kinds of the answers differ."""
    got, want = _dense(got), _dense(want)
    rows = np.arange(len(want))
    if got.shape != want.shape or (got.dtype.kind == "f") != (want.dtype.kind == "f"):
        return rows
    same = _close(got, want) if want.dtype.kind == "f" else got == want
    return rows[~same.reshape(len(want), -1).all(axis=1)]


def _close(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    finite = np.isfinite(want)
    scale = np.where(finite, np.abs(want), 0.0).max(axis=0, initial=0.0)
    with np.errstate(invalid="ignore"):
        near = np.abs(got - want) <= RELATIVE * np.abs(want) + ABSOLUTE * scale
    return (near & finite) | (got == want) | (np.isnan(got) & np.isnan(want))


def _dense(answer: Any) -> np.ndarray:
    return np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)
