"""References of the operators on columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr


@reference(ops.Concat)
def concat(node: ops.Concat, *parts: Any) -> Any:
    """Concatenate in the widest type; dense parts of a sparse result store their nonzero values."""
    if node.type.is_text:
        pairs = [_text_rows(kind.type, part) for kind, part in zip(node.parts, parts, strict=True)]
        return [sum(row, []) for row in zip(*pairs, strict=True)]
    if node.type.layout == "dense":
        return np.hstack([_matrix(part).astype(node.type.numpy) for part in parts])
    return _concatenated([part if isinstance(part, Csr) else Csr.of(_matrix(part)) for part in parts], node.type)


@reference(ops.Select)
def select(node: ops.Select, x: Any) -> Any:
    """``x[:, columns]``."""
    columns = node.columns.array
    if isinstance(x, list):
        return [[row[j] for j in columns] for row in x]
    if not isinstance(x, Csr):
        return x[:, columns]
    place = {int(column): i for i, column in enumerate(columns)}
    rows = [sorted((place[c], v) for c, v in row if c in place) for row in pairs_of(x)]
    return from_pairs(rows, node.type)


@reference(ops.Column)
def column(node: ops.Column, x: Any) -> Any:
    """``x[:, index]``."""
    return [row[node.index] for row in x] if isinstance(x, list) else x[:, node.index]


@reference(ops.Cast)
def cast(node: ops.Cast, x: Any) -> Any:
    """``x.astype(dtype)``."""
    if isinstance(x, Csr):
        return Csr(x.data.astype(node.type.numpy), x.indices, x.starts, x.width)
    return x.astype(node.type.numpy)


@reference(ops.Densify)
def densify(node: ops.Densify, x: Csr) -> np.ndarray:
    """Return ``x.toarray()``, or a matrix of the last entries: of all, or of those that differ from ``absent``."""
    if node.is_toarray:
        return x.dense()
    absent = x.data.dtype.type(node.absent) + x.data.dtype.type(0)  # -0.0 is 0.0
    out = np.full((len(x), x.width), absent)
    if node.repeats == "sum":
        stored = Csr(np.ones(len(x.data)), x.indices, x.starts, x.width).dense() > 0
        return np.where(stored, x.dense(), out)
    for i, row in enumerate(pairs_of(x)):
        for column, value in row:
            if node.repeats == "last stored" or not np.array_equal(value, absent, equal_nan=True):
                out[i, column] = value
    return out


@reference(ops.Sparsify)
def sparsify(node: ops.Sparsify, x: np.ndarray) -> Csr:
    """Return ``csr_matrix(x)``."""
    return Csr.of(x)


def pairs_of(x: Csr) -> list[list[tuple[int, Any]]]:
    """Return each row as a list of (column, value)."""
    spans = zip(x.starts.tolist(), x.starts[1:].tolist(), strict=False)
    return [list(zip(x.indices[a:b].tolist(), x.data[a:b], strict=True)) for a, b in spans]


def from_pairs(rows: list[list[tuple[int, Any]]], kind: ValueType) -> Csr:
    """Return a sparse matrix of type ``kind`` from rows of (column, value)."""
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    data = np.array([value for row in rows for _, value in row], kind.numpy)
    return Csr(data, np.array([c for row in rows for c, _ in row], np.int32), starts, kind.columns)


def _matrix(part: np.ndarray) -> np.ndarray:
    return part[:, None] if part.ndim == 1 else part


def _text_rows(kind: ValueType, part: list[Any]) -> list[list[Any]]:
    return part if kind.width is not None else [[text] for text in part]


def _concatenated(parts: list[Csr], kind: ValueType) -> Csr:
    firsts = np.cumsum([0, *(part.width for part in parts)]).tolist()
    many = [pairs_of(part) for part in parts]
    rows = [
        [(c + first, v) for first, rows in zip(firsts, many, strict=False) for c, v in rows[i]]
        for i in range(len(parts[0]))
    ]
    return from_pairs(rows, kind)
