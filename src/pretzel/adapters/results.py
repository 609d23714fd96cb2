"""Answers as an estimator's method would return them."""

from __future__ import annotations

import functools
import importlib
from copy import copy
from typing import Any

import numpy as np

from pretzel.plan.values import Csr, Labels, Ragged, Texts
from pretzel.plan.wire import Value

_FEW = 4096  # rows, or values stored: more of them take longer to compute than SciPy to make their matrix


def result_of(value: Value, classes_dtype: str | None = None) -> Any:
    """Return an output as the estimator's method returns it.

    Numbers come as arrays of the same dtype and shape; labels in the dtype of the classes (``classes_dtype`` tells it
    where they are texts); other texts as objects, as scikit-learn's imputers return them; a sparse matrix as SciPy's
    ``csr_matrix`` where SciPy is installed, else as a :class:`~pretzel.plan.values.Csr`.  Arrays are the caller's own.
    """
    if isinstance(value, Labels):
        return _table(value.labels, classes_dtype)[value.codes]
    if isinstance(value, Texts):
        return _strings(value)
    if isinstance(value, Csr):
        return _sparse(value)
    if isinstance(value, Ragged):
        return value.tolist()
    return value if value.flags.owndata else value.copy()


def _table(labels: np.ndarray | list[str], classes_dtype: str | None) -> np.ndarray:
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
    data, indices = matrix.data.copy(), matrix.indices.copy()
    if max(len(matrix), len(data)) > _FEW:
        return scipy.csr_matrix((data, indices, matrix.starts.copy()), shape=(len(matrix), matrix.width))
    made = copy(_empty(scipy.csr_matrix, len(matrix), matrix.width))
    made.data, made.indices, made.indptr = data, indices, matrix.starts.astype(np.int32)
    return made


@functools.lru_cache(maxsize=64)
def _empty(kind: Any, rows: int, width: int) -> Any:
    """Return a matrix to copy and fill: SciPy's checks of a new one take longer than to count the words of a text."""
    return kind((rows, width))
