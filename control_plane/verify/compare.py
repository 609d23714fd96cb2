"""Compares outputs with the library's: labels equal, numbers within a tolerance, NaN and infinities in place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pretzel.errors import InputError, VerificationError
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


def compare(name: str, got: Value, want: Value, tolerance: Tolerance, tied: np.ndarray | bool = False) -> float:
    """Return the largest difference, each over the scale of its column, or of its row where that counts and is larger.

    Args:
        name: name of the output, for messages.
        got: values of Pretzel.
        want: values of the library.
        tolerance: largest allowed difference of numbers.
        tied: mask of labels that may differ (:mod:`pretzel.control_plane.verify.ties`).

    Raises:
        VerificationError: a value differs by more than the tolerance, or the shapes do; the message names the output,
            the row, the column, the expected and the actual value.
    """
    if isinstance(got, Csr) and isinstance(want, Csr):
        _check_shape(name, (len(got), got.width), (len(want), want.width))
        return _compare_sparse(name, got, want, tolerance)
    have, expected = _array(got), _array(want)
    _check_shape(name, have.shape, expected.shape)
    if have.dtype == object or expected.dtype == object:
        return _compare_exactly(name, have, expected, tied)
    if have.dtype.kind != "f" and expected.dtype.kind != "f":
        return _compare_exactly(name, have, expected, tied)
    if method_of(name) == LOGARITHMS and have.dtype == expected.dtype == np.float32:
        have, expected = np.exp(have, dtype=np.float64), np.exp(expected, dtype=np.float64)
    columns = np.broadcast_to(np.arange(expected.shape[1]) if expected.ndim == 2 else 0, expected.shape)
    return _compare_floats(name, have.ravel(), expected.ravel(), columns.ravel(), tolerance, expected.shape)


def _array(value: Value | list[str]) -> np.ndarray:
    """Return the values as an array; texts as objects."""
    match value:
        case Csr():
            return value.dense()
        case Labels():
            return np.asarray(_array(value.labels)[value.codes])
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


def _check_shape(name: str, got: tuple[int, ...], want: tuple[int, ...]) -> None:
    if got != want:
        raise VerificationError(f"output {name!r}: expected shape {want}, got {got}")


def count_ties(got: Value, want: Value, tied: np.ndarray | bool) -> int:
    """Return the number of labels that differ where the library's own label depends on rounding."""
    if tied is False:
        return 0
    return int(np.count_nonzero(np.asarray(_array(got) != _array(want), bool) & tied))


def _compare_exactly(name: str, got: np.ndarray, want: np.ndarray, tied: np.ndarray | bool) -> float:
    wrong = (np.asarray(got != want, bool) & ~np.asarray(tied)).ravel()
    if wrong.any():
        at = int(wrong.argmax())
        raise _different(name, at, want.shape, want.ravel()[at], got.ravel()[at], wrong, "")
    return 0.0


def _compare_floats(
    name: str,
    got: np.ndarray,
    want: np.ndarray,
    columns: np.ndarray,
    tolerance: Tolerance,
    shape: tuple[int, ...],
    places: np.ndarray | None = None,
) -> float:
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
    if not same.all():
        at = int((~same).argmax())
        place = at if places is None else int(places[at])
        detail = f"; they differ by {delta[at]:.3g}, {allowed[at]:.3g} is allowed" if finite[at] else ""
        raise _different(name, place, shape, want[at], got[at], ~same, detail)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.max(np.where(delta > 0, delta / scale, 0.0), initial=0.0))


def _largest(size: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return for each value the largest of its column."""
    if not len(size):
        return size
    _, column = np.unique(columns, return_inverse=True)
    largest = np.zeros(int(column.max()) + 1)
    np.maximum.at(largest, column, size)
    return largest[column]


def _compare_sparse(name: str, got: Csr, want: Csr, tolerance: Tolerance) -> float:
    """Compare all positions that either of the two stores."""
    (have_at, have), (want_at, expected) = _entries(got), _entries(want)
    places = np.union1d(have_at, want_at)
    left, right = np.zeros(len(places)), np.zeros(len(places))
    left[np.searchsorted(places, have_at)] = have
    right[np.searchsorted(places, want_at)] = expected
    columns = places % max(want.width, 1)
    return _compare_floats(name, left, right, columns, tolerance, (len(want), want.width), places)


def _entries(matrix: Csr) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted positions of stored values, and the values, with duplicates summed."""
    rows = np.repeat(np.arange(len(matrix), dtype=np.int64), np.diff(matrix.starts))
    at, inverse = np.unique(rows * matrix.width + matrix.indices, return_inverse=True)
    return at, np.bincount(inverse, weights=matrix.data.astype(np.float64), minlength=len(at))


def _different(
    name: str, at: int, shape: tuple[int, ...], want: object, got: object, wrong: np.ndarray, detail: str
) -> VerificationError:
    row, column = divmod(at, shape[1]) if len(shape) == 2 else (at, None)
    where = f"output {name!r}, row {row}" + ("" if column is None else f", column {column}")
    count = f"; {int(wrong.sum())} of {wrong.size} values are wrong"
    return VerificationError(f"{where}: expected {_show(want)}, got {_show(got)}{detail}{count}")


def _show(value: object) -> str:
    return "nan" if value is ... else repr(value.item() if isinstance(value, np.generic) else value)[:80]
