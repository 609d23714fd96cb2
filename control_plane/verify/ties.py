"""Ties: labels that may differ from the library's own, because the scores that decide them are equal up to rounding.

A classifier returns the class of the largest score.  If the two best scores differ by less than the rounding of their
sums, the library's own label depends on the machine: on the width of its vectors and on its BLAS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pretzel.plan.multioutput import COLUMNS, method_of
from pretzel.plan.values import Labels, Texts

ROUNDING = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 2e-6}
"""Largest difference between two scores that count as tied, relative to the largest score of the output."""
SCORES = ("predict_proba", "decision_function")
"""Methods whose scores decide a label, in order of preference."""
EVEN = {"predict_proba": 0.5, "decision_function": 0.0}
"""Score above which one of several labels is set."""


def score_output(output: str, available: Iterable[str]) -> str | None:
    """Return the output with the scores that decide the labels of ``output``; None if none exists."""
    if method_of(output) != COLUMNS:
        return None
    names = (output.replace(COLUMNS, scores, 1) for scores in SCORES)
    existing = set(available)
    return next((name for name in names if name in existing), None)


def tied_labels(
    output: str,
    got: Any,
    want: Any,
    library: Mapping[str, Any],
    ours: Mapping[str, Any],
    classes: Iterable[Any] | None = None,
) -> Any:
    """Return a bool mask of the labels in ``got`` and ``want`` that may differ, or False if none may.

    Args:
        output: the name of the output that holds labels, ``predict`` or ``predict[i]``.
        got: labels of Pretzel, ``(rows,)`` or, of a classifier with several labels per row, ``(rows, labels)``.
        want: the library's labels.
        library: the library's outputs; its scores decide if it has any.
        ours: outputs of Pretzel, whose scores decide otherwise.
        classes: the label of each column of the scores; None: the labels of ``got``, or the number of the column.
    """
    answers = library if score_output(output, library) else ours
    name = score_output(output, answers)
    scores = answers[name] if name else None
    if name is None or not isinstance(scores, np.ndarray) or scores.dtype not in ROUNDING:
        return False
    if not len(scores) == len(got) == len(want):
        return False
    limit = ROUNDING[scores.dtype] * np.abs(scores[np.isfinite(scores)]).max(initial=0.0)
    if scores.ndim == 1:
        return np.abs(scores) <= limit
    if isinstance(got, np.ndarray) and got.shape == scores.shape:
        return np.abs(scores - EVEN[method_of(name)]) <= limit
    if getattr(got, "ndim", 1) != 1 or getattr(want, "ndim", 1) != 1:
        return False
    if classes is None:
        classes = got.labels if isinstance(got, Labels) else range(scores.shape[1])
    columns = {_plain(label): i for i, label in enumerate(classes) if i < scores.shape[1]}
    return _are_best(scores, limit, _columns(got, columns), _columns(want, columns))


def _are_best(scores: np.ndarray, limit: float, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the rows in which both classes have the best score, up to rounding."""
    near = scores.max(axis=1, keepdims=True) - scores <= limit
    both = (one >= 0) & (other >= 0)
    rows = np.arange(len(scores))
    best: np.ndarray = both & near[rows, one] & near[rows, other]
    return best


def _columns(labels: Any, columns: Mapping[Any, int]) -> np.ndarray:
    """Return the score column of each label; -1 if it has none."""
    return np.array([columns.get(_plain(label), -1) for label in _listed(labels)], np.int64)


def _listed(labels: Any) -> list[Any]:
    if isinstance(labels, Labels):
        table = list(labels.labels)
        return [table[code] for code in labels.codes.tolist()]
    return labels.tolist() if isinstance(labels, (np.ndarray, Texts)) else list(labels)


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
