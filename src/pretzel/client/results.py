"""Answers as an estimator's method would return them."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from pretzel.plan.values import Csr, Labels, Ragged, Texts
from pretzel.plan.wire import Value


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
    parts = (matrix.data.copy(), matrix.indices.copy(), matrix.starts.copy())
    return scipy.csr_matrix(parts, shape=(len(matrix), matrix.width))
