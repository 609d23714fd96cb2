"""Compares the answers of a shadow with those that were given, output by output, into figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.plan.agreement import (
    Tolerance,
    agreement,
    as_array,
    as_probabilities,
    columns_of,
    tolerance_of,
)
from pretzel.plan.drift import Bins, Distribution, counts_of
from pretzel.plan.multioutput import method_of
from pretzel.plan.shadows import MOST_EXAMPLES, OutputFigures, ShadowExample, ShadowFigures
from pretzel.plan.values import Csr

MOST_COLUMNS = 16
"""Columns of an output whose distributions are kept."""
MOST_CELLS = 1 << 24
"""Values of a sparse output that are compared as a dense one."""
MOST_TEXT = 200
"""Characters of a value in an example."""
MOST_INPUTS = 500
"""Characters of the inputs of an example."""
_NORMAL = np.finfo(np.float64).tiny


def compared(
    empty: ShadowFigures, got: Mapping[str, Any], want: Mapping[str, Any], columns: Mapping[str, Any], examples: bool
) -> ShadowFigures:
    """Return the figures of one call.

    Args:
        empty: figures without counts.
        got: outputs of the shadow.
        want: outputs that were given.
        columns: the inputs.
        examples: whether rows that differ are kept as text.

    Raises:
        ValueError: an output is too large to compare.
    """
    rows = max((len(value) for value in want.values()), default=0)
    differs = np.zeros(rows, bool)
    for name in dict.fromkeys((*want, *got)):
        figures = empty.outputs.setdefault(name, OutputFigures())
        if name not in got:
            figures.only_given += rows
        elif name not in want:
            figures.only_shadow += rows
        else:
            have, expected = _array(got[name]), _array(want[name])
            wrong = _compare(name, have, expected, figures, tolerance_of(name, want[name], Tolerance()))
            differs |= wrong
            if examples:
                _exemplify(empty, name, have, expected, wrong, columns)
    empty.rows, empty.disagreeing = rows, int(differs.sum())
    return empty


def _array(value: Any) -> np.ndarray:
    if isinstance(value, Csr) and len(value) * value.width > MOST_CELLS:
        raise ValueError(f"an output of {len(value)} x {value.width} values; at most {MOST_CELLS} are compared")
    return as_array(value)


def _compare(
    name: str, have: np.ndarray, expected: np.ndarray, figures: OutputFigures, tolerance: Tolerance
) -> np.ndarray:
    """Add to the figures of an output, and return which rows differ."""
    rows = len(expected)
    figures.rows += rows
    if have.dtype.kind == expected.dtype.kind == "f":
        _distribute(name, have, expected, figures)
    if have.shape != expected.shape:
        wrong = np.ones(rows, bool)
    elif have.dtype.kind == expected.dtype.kind == "f":
        wrong = _floats(name, have, expected, figures, tolerance)
    else:
        wrong = np.asarray(np.asarray(have != expected, bool).reshape(rows, -1).any(axis=1))
    figures.disagreeing += int(wrong.sum())
    return wrong


def _floats(
    name: str, have: np.ndarray, expected: np.ndarray, figures: OutputFigures, tolerance: Tolerance
) -> np.ndarray:
    shape, rows = expected.shape, len(expected)
    have, expected = (part.ravel() for part in as_probabilities(name, have, expected))
    found = agreement(have, expected, columns_of(shape), tolerance, shape)
    size = np.abs(expected.astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.where(found.delta > 0, found.delta / np.where(size >= _NORMAL, size, 0.0), 0.0)
    relative = np.where(found.finite, relative, np.where(found.same, 0.0, np.inf))
    figures.largest_difference = max(figures.largest_difference, float(relative.max(initial=0.0)))
    return np.asarray(~found.same.reshape(rows, -1).all(axis=1))


def _distribute(name: str, have: np.ndarray, expected: np.ndarray, figures: OutputFigures) -> None:
    bins = Bins.UNIT if method_of(name) == "predict_proba" else Bins.SIGNED_LOG
    have, expected = (part.reshape(len(part), -1) if len(part) else part.reshape(0, 1) for part in (have, expected))
    for column in range(min(MOST_COLUMNS, have.shape[1], expected.shape[1])):
        if column == len(figures.distributions):
            figures.distributions.append(Distribution(bins))
        counts = counts_of(expected[:, column], bins), counts_of(have[:, column], bins)
        figures.distributions[column].add(Distribution(bins, *counts))


def _exemplify(
    figures: ShadowFigures,
    name: str,
    have: np.ndarray,
    expected: np.ndarray,
    wrong: np.ndarray,
    columns: Mapping[str, Any],
) -> None:
    for row in np.flatnonzero(wrong)[: MOST_EXAMPLES - len(figures.examples)]:
        inputs = {key: as_array(value)[row].tolist() for key, value in _narrow(columns).items()}
        got = _text(have[row], MOST_TEXT) if row < len(have) else "no row"
        example = ShadowExample(name, int(row), got, _text(expected[row], MOST_TEXT), _text(inputs, MOST_INPUTS))
        figures.examples.append(example)


def _narrow(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that are small enough to be shown."""
    return {name: value for name, value in columns.items() if not isinstance(value, Csr)}


def _text(value: Any, most: int) -> str:
    plain = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    return str(plain)[:most]
