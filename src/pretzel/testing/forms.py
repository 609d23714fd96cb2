"""Forms of the same rows that an estimator may be given: batches, orders, arrays and tables."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from pretzel.adapters.tables import is_sparse
from pretzel.client.sampling import choose_rows, take_rows

ALONE = 5
"""Number of rows that are also asked for one by one."""


def batches(X: Any, most: int) -> Iterator[tuple[str, Any, np.ndarray]]:
    """Yield batches of rows with a name, and the numbers of their rows in X: many, permuted, and single ones."""
    rows = choose_rows(X, most)
    yield f"{len(rows)} rows", take_rows(X, rows), rows
    permuted = np.random.default_rng(0).permutation(rows)
    yield f"{len(rows)} rows, permuted", take_rows(X, permuted), permuted
    for row in rows[np.unique(np.linspace(0, len(rows) - 1, min(ALONE, len(rows))).astype(int))]:
        yield "1 row", take_rows(X, np.array([row])), np.array([row])


def other_forms(estimator: Any, X: Any) -> Iterator[tuple[str, Any]]:
    """Yield X in other forms with the same rows: as lists, arrays of other layouts and dtypes, pandas tables."""
    if is_sparse(X):
        yield "a CSC matrix", X.tocsc()
    elif hasattr(X, "iloc"):
        yield "an array", X.to_numpy()
    elif isinstance(X, list):
        if X and isinstance(X[0], str):
            yield "an array of objects", np.array(X, object)
    elif isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "biuf":
        yield from _forms_of_matrix(estimator, X)


def _forms_of_matrix(estimator: Any, X: np.ndarray) -> Iterator[tuple[str, Any]]:
    yield "an array in column order", np.asfortranarray(X)
    yield "lists", X.tolist()
    if X.dtype == np.float64:
        yield "float32", X.astype(np.float32)
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        return
    names = getattr(estimator, "feature_names_in_", None)
    yield "a pandas table", pandas.DataFrame(X, columns=None if names is None else list(names))
