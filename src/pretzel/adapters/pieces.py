"""Splitting of columns into pieces that fit in a message, and joining of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import cast

import numpy as np

from pretzel.errors import PretzelError
from pretzel.plan.values import Csr, Labels, Ragged, Texts
from pretzel.plan.wire import Value

MESSAGE_BYTES = 1 << 20
_SMALLEST_BUDGET = 1 << 16
Items = Texts | np.ndarray


def cut(columns: Mapping[str, Value], answer_bytes: int = 0, most: int = MESSAGE_BYTES) -> list[dict[str, Value]]:
    """Split columns into pieces of whole rows, so that each request and, if known, each response fits in a message.

    A row that is too large becomes a separate piece: the server accepts or rejects it.

    Args:
        columns: columns of equal length.
        answer_bytes: size of the answer to one row.
        most: largest size of a message in bytes.
    """
    rows = len(next(iter(columns.values()))) if columns else 0
    overhead = sum(len(name.encode(errors="replace")) + 64 for name in columns)
    budget = max(most - overhead - 1024, _SMALLEST_BUDGET)
    if rows * answer_bytes <= budget and sum(map(message_bytes, columns.values())) <= budget:
        return [dict(columns)]
    sizes = np.maximum(_add([row_bytes(value) for value in columns.values()]), max(answer_bytes, 1))
    bounds = _bounds(np.broadcast_to(sizes, rows), budget)
    if len(bounds) == 2:
        return [dict(columns)]
    parts = {name: split(value, bounds) for name, value in columns.items()}
    return [{name: parts[name][i] for name in columns} for i in range(len(bounds) - 1)]


def message_bytes(value: Value) -> int:
    """Return the size of a whole column in a message: cheap, and sufficient for most requests."""
    if isinstance(value, Texts):
        return value.data.nbytes + 5 * len(value.lengths)
    if isinstance(value, Csr):
        return value.data.nbytes + value.indices.nbytes + value.starts.nbytes
    if isinstance(value, Ragged):
        return message_bytes(value.items) + value.starts.nbytes
    return (value.codes if isinstance(value, Labels) else value).nbytes


def row_bytes(value: Value) -> np.ndarray:
    """Return the size of each row in a message, or one number for all rows."""
    if isinstance(value, Texts):
        sizes: np.ndarray = _text_rows(value).sum(axis=1, dtype=np.int64)
        return sizes + 5 * (value.width or 1)
    if isinstance(value, Csr):
        return np.diff(value.starts) * (value.data.itemsize + 4) + 8
    if isinstance(value, Ragged):
        return _ragged_rows(value)
    array = value.codes if isinstance(value, Labels) else value
    return np.asarray(array.itemsize * (array.shape[1] if array.ndim == 2 else 1), np.int64)


def split(value: Value, bounds: Sequence[int]) -> list[Value]:
    """Return the rows between consecutive bounds, without copies."""
    pairs = list(zip(bounds, bounds[1:], strict=False))
    if isinstance(value, Texts):
        ends = np.concatenate([[0], np.cumsum(value.lengths, dtype=np.int64)])
        return [_slice_texts(value, ends, a, b) for a, b in pairs]
    if isinstance(value, Csr):
        return [_slice_csr(value, a, b) for a, b in pairs]
    if isinstance(value, Ragged):
        items = cast(list[Items], split(value.items, value.starts[list(bounds)].tolist()))
        starts = [value.starts[a : b + 1] - value.starts[a] for a, b in pairs]
        return [Ragged(part, start) for part, start in zip(items, starts, strict=True)]
    if isinstance(value, Labels):
        return [Labels(value.codes[a:b], value.labels) for a, b in pairs]
    return [value[a:b] for a, b in pairs]


def join(values: Sequence[Value]) -> Value:
    """Concatenate the rows of several values.

    Raises:
        PretzelError: their types differ, so they cannot be answers of one model.
    """
    first = values[0]
    if len(values) == 1:
        return first
    if any(type(value) is not type(first) for value in values):
        raise PretzelError(f"the pieces of an answer differ in type: {sorted({type(v).__name__ for v in values})}")
    if isinstance(first, Texts):
        return _join_texts(cast(Sequence[Texts], values))
    if isinstance(first, Csr):
        return _join_csr(cast(Sequence[Csr], values))
    if isinstance(first, Ragged):
        rows = cast(Sequence[Ragged], values)
        return Ragged(cast(Items, join([part.items for part in rows])), _joined_starts(rows))
    if isinstance(first, Labels):
        return Labels(np.concatenate([value.codes for value in cast(Sequence[Labels], values)]), first.labels)
    return np.concatenate(cast(Sequence[np.ndarray], values))


def _add(sizes: list[np.ndarray]) -> np.ndarray:
    return reduce(np.add, sizes, np.zeros((), np.int64))


def _bounds(sizes: np.ndarray, budget: int) -> list[int]:
    """Return the first row of each piece, and the number of rows; each piece is as long as the budget allows."""
    ends = np.cumsum(sizes)
    bounds = [0]
    while bounds[-1] < len(sizes):
        start = bounds[-1]
        spent = int(ends[start - 1]) if start else 0
        bounds.append(max(int(np.searchsorted(ends, spent + budget, "right")), start + 1))
    return bounds if len(bounds) > 1 else [0, 0]


def _text_rows(value: Texts) -> np.ndarray:
    return value.lengths.reshape(len(value), value.width or 1)


def _ragged_rows(value: Ragged) -> np.ndarray:
    ends = np.zeros(len(value.items) + 1, np.int64)
    np.cumsum(np.broadcast_to(row_bytes(value.items), len(value.items)), out=ends[1:])
    sizes: np.ndarray = np.diff(ends[value.starts])
    return sizes + 8


def _slice_texts(value: Texts, ends: np.ndarray, a: int, b: int) -> Texts:
    a, b = a * (value.width or 1), b * (value.width or 1)
    missing = None if value.missing is None else value.missing[a:b]
    return Texts(value.data[ends[a] : ends[b]], value.lengths[a:b], missing, value.width)


def _slice_csr(value: Csr, a: int, b: int) -> Csr:
    starts = value.starts[a : b + 1]
    entries = slice(int(starts[0]), int(starts[-1]))
    return Csr(value.data[entries], value.indices[entries], starts - starts[0], value.width)


def _join_texts(values: Sequence[Texts]) -> Texts:
    missing = None
    if any(value.missing is not None for value in values):
        missing = np.concatenate([_missing(value) for value in values])
    data = np.concatenate([value.data for value in values])
    return Texts(data, np.concatenate([value.lengths for value in values]), missing, values[0].width)


def _missing(value: Texts) -> np.ndarray:
    return np.zeros(len(value.lengths), np.uint8) if value.missing is None else value.missing


def _join_csr(values: Sequence[Csr]) -> Csr:
    data = np.concatenate([value.data for value in values])
    return Csr(data, np.concatenate([value.indices for value in values]), _joined_starts(values), values[0].width)


def _joined_starts(values: Sequence[Csr] | Sequence[Ragged]) -> np.ndarray:
    counts = np.concatenate([np.diff(value.starts) for value in values])
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
