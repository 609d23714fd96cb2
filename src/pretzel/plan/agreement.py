"""The rule by which two answers agree: labels equal, numbers within a tolerance, NaN and infinities in place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan.multioutput import MATRICES, method_of
from pretzel.plan.values import Csr, Labels, Ragged, Texts

Value = np.ndarray | Texts | Csr | Ragged | Labels

SINGLE = 2e-6
"""Tolerance of float32, relative to the largest value of the column: terms that cancel leave their rounding."""
SINGLE_ROW = 1e-5
"""Tolerance of float32 contributions, relative to the largest of the row: the library sums in float32."""

LOGARITHMS = "predict_log_proba"
"""In float32 these are compared as probabilities: ``1 - p`` near 0 has few digits, and its logarithm shows that."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """``|got - want| <= relative * |want| + absolute * scale``, with the largest ``|want|`` of the column as scale.

    ``row`` times the largest ``|want|`` of the row is allowed on top.
    """

    relative: float = 1e-6
    absolute: float = 1e-9
    row: float = 0.0

    def __post_init__(self) -> None:
        """Reject values that are not a tolerance."""
        for name, value in (("relative", self.relative), ("absolute", self.absolute), ("row", self.row)):
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"tolerance: {name} is {value}; expected a finite number from 0")


def tolerance_of(output: str, value: Value, tolerance: Tolerance, *, single: bool = False) -> Tolerance:
    """Return the tolerance of one output: at least that of float32 if it is float32, or if inputs are (``single``).

    Contributions are sums that cancel, so their scale is that of the row.
    """
    if method_of(output) in MATRICES and isinstance(value, np.ndarray):
        return replace(tolerance, row=SINGLE_ROW if is_single(value) else tolerance.absolute)
    single = single or is_single(value)
    return replace(tolerance, absolute=max(SINGLE, tolerance.absolute)) if single else tolerance


def is_single(value: Value) -> bool:
    """Return whether a value is numbers in float32."""
    numbers = value.data if isinstance(value, Csr) else value
    return isinstance(numbers, np.ndarray) and numbers.dtype == np.float32


@dataclass(frozen=True, slots=True)
class Agreement:
    """The comparison of flat numbers, value by value."""

    same: np.ndarray
    delta: np.ndarray
    """The differences of finite values; 0 elsewhere."""
    allowed: np.ndarray
    scale: np.ndarray
    finite: np.ndarray
    """Where both values are finite."""


def agreement(
    got: np.ndarray,
    want: np.ndarray,
    columns: np.ndarray,
    tolerance: Tolerance,
    shape: tuple[int, ...],
    places: np.ndarray | None = None,
) -> Agreement:
    """Compare flat values; ``places`` are their positions in ``shape`` if only some of them are given."""
    got, want = got.astype(np.float64), want.astype(np.float64)
    finite = np.isfinite(got) & np.isfinite(want)
    size = np.abs(np.where(np.isfinite(want), want, 0.0))
    scale = _largest(size, columns)
    with np.errstate(invalid="ignore", over="ignore"):
        delta = np.where(finite, np.abs(got - want), 0.0)
        allowed = tolerance.relative * size + tolerance.absolute * scale
        if tolerance.row:
            flat = np.arange(len(want)) if places is None else places
            of_row = _largest(size, flat // max(math.prod(shape[1:]), 1))
            allowed = allowed + tolerance.row * of_row
            scale = np.maximum(scale, of_row)  # a column of only rounding errors has no scale
    same = np.where(finite, delta <= allowed, (got == want) | (np.isnan(got) & np.isnan(want)))
    return Agreement(same.astype(bool), delta, allowed, scale, finite)


def columns_of(shape: tuple[int, ...]) -> np.ndarray:
    """Return the column of each flat value of an array."""
    return np.broadcast_to(np.arange(shape[1]) if len(shape) == 2 else 0, shape).ravel()


def as_probabilities(name: str, have: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers to compare: logarithms in float32 as what they are of, all others as they are."""
    if method_of(name) == LOGARITHMS and have.dtype == expected.dtype == np.float32:
        return np.exp(have, dtype=np.float64), np.exp(expected, dtype=np.float64)
    return have, expected


def as_array(value: Value | list[str]) -> np.ndarray:
    """Return the values as an array; texts as objects."""
    match value:
        case Csr():
            return value.dense()
        case Labels():
            return np.asarray(as_array(value.labels)[value.codes])
        case Texts():
            array = _objects(value.tolist())
            return array if value.width is None else array.reshape(len(value), value.width)
        case Ragged():  # no output is ragged, and none equals it
            return np.array([*value.tolist(), ...], object)[:-1]
        case list():
            return _objects(value)
    if value.dtype == object:
        return _objects(value.ravel().tolist()).reshape(value.shape)
    return value.astype(object) if value.dtype.kind in "US" else value


def _objects(values: Sequence[Any]) -> np.ndarray:
    """Return values as objects, with NaN as an ellipsis, since that equals itself."""
    return np.array([... if isinstance(value, float) and value != value else value for value in values], object)


def _largest(size: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return for each value the largest of its column."""
    if not len(size):
        return size
    _, column = np.unique(columns, return_inverse=True)
    largest = np.zeros(int(column.max()) + 1)
    np.maximum.at(largest, column, size)
    return largest[column]
