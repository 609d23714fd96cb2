"""Conversion of outputs to the results of an estimator's method."""

from __future__ import annotations

import functools
import importlib
from copy import copy
from typing import Any

import numpy as np

from pretzel.plan.values import Csr, Labels, Ragged, Texts
from pretzel.plan.wire import Value

_FEW = 4096  # rows, or stored values: above this, SciPy's checks cost less than computing the values


def result_of(value: Value, classes_dtype: str | None = None) -> Any:
    """Return an output as the estimator's method returns it.

    Numbers become arrays of the same dtype and shape; labels have the dtype of the classes (``classes_dtype``, if they
    are texts); other texts become objects, as from scikit-learn's imputers; a sparse matrix becomes a SciPy
    ``csr_matrix`` if SciPy is installed, otherwise a :class:`~pretzel.plan.values.Csr`.  The caller owns all arrays.
    """
    if isinstance(value, Labels):
        return table_of(value.labels, classes_dtype)[value.codes]
    if isinstance(value, Texts):
        return _strings(value)
    if isinstance(value, Csr):
        return _sparse(value)
    if isinstance(value, Ragged):
        return value.tolist()
    return _owned(value)


def table_of(labels: np.ndarray | list[str], classes_dtype: str | None) -> np.ndarray:
    """Return a table of labels as an array, which codes are looked up in."""
    if isinstance(labels, np.ndarray):
        return labels
    return np.array(labels, object if classes_dtype == "object" else str)


def _strings(texts: Texts) -> np.ndarray:
    array = np.array(texts.tolist(), object)
    return array if texts.width is None else array.reshape(len(texts), texts.width)


def _sparse(matrix: Csr) -> Any:
    try:
        scipy = importlib.import_module("scipy.sparse")
    except ImportError:
        return matrix
    data, indices = _owned(matrix.data), _owned(matrix.indices)
    if max(len(matrix), len(data)) > _FEW:
        return scipy.csr_matrix((data, indices, _owned(matrix.starts)), shape=(len(matrix), matrix.width))
    result = copy(_empty(scipy.csr_matrix, len(matrix), matrix.width))
    result.data, result.indices, result.indptr = data, indices, matrix.starts.astype(np.int32)
    return result


@functools.lru_cache(maxsize=64)
def _empty(kind: Any, rows: int, width: int) -> Any:
    """Return a matrix to copy and fill: SciPy's checks of a new one cost more than counting the words of a text."""
    return kind((rows, width))


def _owned(array: np.ndarray) -> np.ndarray:
    """Return an array that its caller may change: one of a message's bytes is read-only."""
    return array if array.flags.writeable else array.copy()
