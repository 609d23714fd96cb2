"""Checks when a kernel is built: the types it reads and writes, and the shapes of its parameter arrays.

Plans come from files; these checks ensure that no plan, whatever its bytes, makes a kernel read or write out of bounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FLOATS = ("f32", "f64")
NUMPY = {"f32": np.float32, "f64": np.float64, "i64": np.int64}


def typed(name: str, kind: Any, dtypes: tuple[str, ...], columns: int | None = None, layout: str = "dense") -> None:
    """Reject a type with other elements, number of columns (if given) or layout than the kernel takes.

    Raises:
        ValueError: names what was expected and what was passed.
    """
    if kind.dtype not in dtypes or kind.layout != layout or columns not in (None, kind.columns):
        width = "" if columns is None else f" of {columns} columns"
        raise ValueError(f"{name}: expected {layout} {' or '.join(dtypes)}{width}, got {kind}")


def alike(inputs: Any, output: Any, dtypes: tuple[str, ...] = FLOATS, layout: str = "dense") -> None:
    """Reject anything but one input, and an output of exactly the same type.

    Raises:
        ValueError: names what was expected and what was passed.
    """
    if len(inputs) != 1:
        raise ValueError(f"expected one input, got {len(inputs)}")
    typed("x", inputs[0], dtypes, layout=layout)
    typed("result", output, (inputs[0].dtype,), inputs[0].columns, layout)


def both(inputs: Any) -> Any:
    """Return the two inputs of a kernel with two inputs.

    Raises:
        ValueError: there are more or fewer.
    """
    if len(inputs) != 2:
        raise ValueError(f"expected two inputs, got {len(inputs)}")
    return inputs


def vector(name: str, array: np.ndarray, dtype: str, length: int) -> np.ndarray:
    """Return ``array`` as ``length`` contiguous elements of ``dtype``; copied only if its type differs.

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


def padded(columns: int) -> int:
    """Return the number of columns of weights laid out in tiles: rounded up to a multiple of eight."""
    return -(-columns // 8) * 8


def positions(name: str, array: np.ndarray, limit: int) -> np.ndarray:
    """Return ``array`` as int64 positions, each in 0..limit-1.

    Raises:
        ValueError: a position is out of range.
    """
    if array.ndim != 1 or (array.size and not 0 <= array.min() <= array.max() < limit):
        raise ValueError(f"{name}: expected positions in 0..{limit - 1}")
    return np.ascontiguousarray(array, np.int64)


def address(array: np.ndarray) -> int:
    """Return the address of a contiguous array; the caller keeps the array alive."""
    return int(array.__array_interface__["data"][0])
