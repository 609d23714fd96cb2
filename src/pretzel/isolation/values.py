"""Values of plans as columns of messages, and back: what a side process sends is checked in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.isolation.side.messages import Column
from pretzel.plan.types import TEXT, ValueType
from pretzel.plan.values import NONE, Csr, Ragged, Texts


class MalformedError(ValueError):
    """Parts of a column do not fit each other."""


def column_of(kind: ValueType, value: Any) -> Column:
    """Return a value of a plan as a column of a message."""
    if isinstance(value, Csr):
        indices, starts = value.indices.astype(np.int32, copy=False), value.starts.astype(np.int64, copy=False)
        return str(kind), len(value), (value.data, indices, starts)
    if isinstance(value, np.ndarray):
        return str(kind), len(value), (value,)
    texts = value if isinstance(value, Texts) else Texts.of(value, kind.width)
    return str(kind), len(texts), (texts.data, texts.lengths.astype(np.uint32, copy=False), texts.missing)


def value_of(kind: ValueType, rows: int, parts: Sequence[np.ndarray | None]) -> Any:
    """Return the value of a column that another process sent, as arrays of bytes.

    Raises:
        MalformedError: a part has a wrong size or content.
    """
    if kind.layout == "ragged":
        return _lists(rows, parts)
    if kind.is_text:
        return _texts(kind, rows, parts)
    if kind.layout == "sparse":
        return _sparse(kind, rows, parts)
    count = rows * kind.columns
    numbers = _typed(parts, 0, kind.numpy, count)
    if kind.dtype == "bool":
        numbers = numbers.view(np.uint8) != 0
    return numbers if kind.width is None else numbers.reshape(rows, kind.width)


def _typed(parts: Sequence[np.ndarray | None], at: int, dtype: Any, count: int | None = None) -> np.ndarray:
    part = parts[at] if at < len(parts) else None
    if part is None:
        raise MalformedError(f"part {at} is missing")
    size = np.dtype(dtype).itemsize
    if len(part) % size or (count is not None and len(part) != count * size):
        raise MalformedError(f"part {at} has {len(part)} bytes")
    return part.view(dtype)


def _texts(kind: ValueType, rows: int, parts: Sequence[np.ndarray | None]) -> Texts:
    count = rows * kind.columns
    data, lengths = _typed(parts, 0, np.uint8), _typed(parts, 1, "<u4", count)
    if int(lengths.sum(dtype=np.int64)) != len(data):
        raise MalformedError("the lengths of texts do not add up to their bytes")
    starts = np.cumsum(lengths, dtype=np.int64) - lengths
    starts = starts[lengths > 0]
    try:
        data.tobytes().decode()
    except UnicodeDecodeError:
        raise MalformedError("a text is not UTF-8") from None
    if ((data[starts] & 0xC0) == 0x80).any():
        raise MalformedError("a text begins inside a character")
    missing = None
    if len(parts) > 2 and parts[2] is not None:
        missing = _typed(parts, 2, np.uint8, count)
        if (missing > NONE).any() or lengths[missing > 0].any():
            raise MalformedError("a mark of a missing text is wrong")
    return Texts(data, lengths, missing, kind.width)


def _lists(rows: int, parts: Sequence[np.ndarray | None]) -> Ragged:
    starts = _typed(parts, 3, "<i8", rows + 1)
    if starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > len(_typed(parts, 1, "<u4")):
        raise MalformedError("the starts of lists do not ascend from 0 to the number of texts")
    items = _texts(TEXT, int(starts[-1]), parts[:3])
    if items.missing is not None:
        raise MalformedError("a text in a list is missing")
    return Ragged(items, starts)


def _sparse(kind: ValueType, rows: int, parts: Sequence[np.ndarray | None]) -> Csr:
    data, starts = _typed(parts, 0, kind.numpy), _typed(parts, 2, "<i8", rows + 1)
    indices = _typed(parts, 1, "<i4", len(data))
    if starts[0] != 0 or starts[-1] != len(data) or (np.diff(starts) < 0).any():
        raise MalformedError("the starts of sparse rows do not ascend")
    if len(indices) and not 0 <= indices.min() <= indices.max() < kind.columns:
        raise MalformedError("a sparse value is outside of its columns")
    return Csr(data, indices, starts, kind.columns)
