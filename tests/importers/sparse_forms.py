"""Forms of a sparse matrix: stored zeros, duplicate entries, other orders and types."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse


def with_zeros(x: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """Store half of the zeros."""
    dense = x.toarray()
    stored = (dense != 0) | (np.random.default_rng(1).random(dense.shape) < 1 / 2)
    rows, columns = stored.nonzero()
    starts = np.concatenate([[0], np.cumsum(stored.sum(axis=1))])
    return scipy.sparse.csr_matrix((dense[rows, columns], columns, starts), shape=x.shape)


def with_repeats(x: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """Store some values as three quarters and one quarter, which add up exactly."""
    times = np.random.default_rng(2).integers(1, 3, x.nnz)
    first = np.concatenate([[True], np.diff(np.repeat(np.arange(x.nnz), times)) > 0])
    parts = np.where(np.repeat(times, times) == 1, 1.0, np.where(first, 0.75, 0.25))
    starts = np.concatenate([[0], np.cumsum(times)])[x.indptr]
    data = (np.repeat(x.data, times) * parts).astype(x.dtype)
    return scipy.sparse.csr_matrix((data, np.repeat(x.indices, times), starts), shape=x.shape)


def as_type(x: scipy.sparse.csr_matrix, dtype: str) -> scipy.sparse.csr_matrix:
    """Return the entries in another type; eight times as large as integers."""
    scale = 1 if dtype == "f4" else 8
    data = (np.clip(x.data, -8, 8) * scale).astype(dtype)
    return scipy.sparse.csr_matrix((data, x.indices, x.indptr), shape=x.shape)


def unsorted(x: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """Return the entries of each row, or of each column of a CSC matrix, in another order."""
    major = np.repeat(np.arange(len(x.indptr) - 1), np.diff(x.indptr))
    order = np.lexsort((np.random.default_rng(4).random(x.nnz), major))
    return type(x)((x.data[order], x.indices[order], x.indptr), shape=x.shape)


FORMS: dict[str, Callable[[scipy.sparse.csr_matrix], scipy.sparse.csr_matrix]] = {
    "unsorted": unsorted,
    "unsorted columns": lambda x: unsorted(x.tocsc()),
    "repeats in columns": lambda x: with_repeats(x).tocsc(),
    "coordinates": lambda x: with_repeats(x).tocoo(),
    "coordinates in int8": lambda x: (as_type(with_repeats(x), "i1") * 15).tocoo(),
    "coordinates in bool": lambda x: as_type(with_repeats(x), "?").tocoo(),
    "zeros": with_zeros,
    "repeats": with_repeats,
    "repeats in float32": lambda x: as_type(with_repeats(x), "f4"),
    "repeats in int32": lambda x: as_type(with_repeats(x), "i4"),
    "repeats in int8": lambda x: as_type(with_repeats(x), "i1"),
    "repeats in bool": lambda x: as_type(with_repeats(x), "?"),
}
