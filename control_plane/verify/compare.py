"""Compares outputs with the library's: labels equal, numbers within a tolerance, NaN and infinities in place."""

from __future__ import annotations

import numpy as np

from pretzel.errors import VerificationError
from pretzel.plan.agreement import (
    LOGARITHMS,
    SINGLE,
    SINGLE_ROW,
    Tolerance,
    Value,
    agreement,
    as_array,
    as_probabilities,
    columns_of,
    is_single,
    tolerance_of,
)
from pretzel.plan.values import Csr

__all__ = [
    "LOGARITHMS",
    "SINGLE",
    "SINGLE_ROW",
    "Tolerance",
    "Value",
    "compare",
    "count_ties",
    "is_single",
    "tolerance_of",
]


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
    have, expected = as_array(got), as_array(want)
    _check_shape(name, have.shape, expected.shape)
    if have.dtype == object or expected.dtype == object:
        return _compare_exactly(name, have, expected, tied)
    if have.dtype.kind != "f" and expected.dtype.kind != "f":
        return _compare_exactly(name, have, expected, tied)
    have, expected = as_probabilities(name, have, expected)
    return _compare_floats(name, have.ravel(), expected.ravel(), columns_of(expected.shape), tolerance, expected.shape)


def _check_shape(name: str, got: tuple[int, ...], want: tuple[int, ...]) -> None:
    if got != want:
        raise VerificationError(f"output {name!r}: expected shape {want}, got {got}")


def count_ties(got: Value, want: Value, tied: np.ndarray | bool) -> int:
    """Return the number of labels that differ where the library's own label depends on rounding."""
    if tied is False:
        return 0
    return int(np.count_nonzero(np.asarray(as_array(got) != as_array(want), bool) & tied))


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
    found = agreement(got, want, columns, tolerance, shape, places)
    same, delta, allowed, finite = found.same, found.delta, found.allowed, found.finite
    if not same.all():
        at = int((~same).argmax())
        place = at if places is None else int(places[at])
        detail = f"; they differ by {delta[at]:.3g}, {allowed[at]:.3g} is allowed" if finite[at] else ""
        raise _different(name, place, shape, want[at], got[at], ~same, detail)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.max(np.where(delta > 0, delta / found.scale, 0.0), initial=0.0))


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
