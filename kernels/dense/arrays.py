"""Parameter arrays as kernels keep them: contiguous, of the type computed in, of a length checked once."""

from __future__ import annotations

import numpy as np

NUMPY = {"f32": np.float32, "f64": np.float64, "i64": np.int64}


def vector(name: str, array: np.ndarray, dtype: str, length: int) -> np.ndarray:
    """Return ``array`` as ``length`` contiguous elements of ``dtype``; copied only where it is of another type.

    Raises:
        ValueError: it has another shape.
    """
    if array.shape != (length,):
        raise ValueError(f"{name}: expected shape ({length},), got {array.shape}")
    return np.ascontiguousarray(array, NUMPY[dtype])


def matrix(name: str, array: np.ndarray, dtype: str, shape: tuple[int, int]) -> np.ndarray:
    """Return ``array`` as a contiguous matrix of that type and shape; one dimension counts as one row or one column.

    Raises:
        ValueError: it has another shape.
    """
    if array.size != shape[0] * shape[1] or array.shape not in (shape, (array.size,)):
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    return np.ascontiguousarray(array, NUMPY[dtype]).reshape(shape)


def positions(name: str, array: np.ndarray, limit: int) -> np.ndarray:
    """Return ``array`` as int64 positions, each in 0..limit-1.

    Raises:
        ValueError: one lies outside.
    """
    if array.ndim != 1 or (array.size and not 0 <= array.min() <= array.max() < limit):
        raise ValueError(f"{name}: expected positions in 0..{limit - 1}")
    return np.ascontiguousarray(array, np.int64)


def address(array: np.ndarray) -> int:
    """Return where a contiguous array begins; the caller keeps the array."""
    return int(array.__array_interface__["data"][0])
