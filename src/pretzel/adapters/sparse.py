"""Sparse matrices as a model reads them: converted to dense rows if it takes those, or rejected if unsafe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.adapters.tables import is_sparse
from pretzel.errors import InputError
from pretzel.plan.types import is_small


def written_out(matrix: Any, metadata: Mapping[str, Any]) -> np.ndarray:
    """Convert a sparse matrix to an array, for a model that takes dense rows.

    Entries that are not stored become zero, or NaN with ``absent: missing`` in the metadata.  A column that a row
    stores twice becomes its last value with ``repeats: last``, as LightGBM and XGBoost read it; otherwise the sum.

    Raises:
        InputError: the first step of the model rejects sparse matrices; or a step distinguishes stored zeros from
            entries not stored, which an array cannot; or a row stores a column twice, and a step does not read the sum.
    """
    if metadata.get("dense_only"):
        raise InputError(f"X: a sparse matrix, which {metadata['dense_only']} rejects; pass X.toarray()")
    if metadata.get("zeros_apart"):
        raise InputError(
            "X: a sparse matrix, but the model was exported for dense rows, and "
            f"{metadata['zeros_apart']} distinguishes a stored zero from an entry that is not stored; "
            "export it with a sparse sample, or pass X.toarray() (of a table X.sparse.to_dense()), where both are zeros"
        )
    csr = rows_of(matrix, metadata)
    if metadata.get("stored_zeros") == "refused":
        _check_zeros(csr)
    if metadata.get("stored_nan") and np.isnan(csr.data).any():
        reads = f"{metadata['stored_nan']} reads NaN in sparse rows and in dense ones differently"
        raise InputError(f"X: a sparse matrix with NaN, and {reads}; pass X.toarray()")
    missing, last = metadata.get("absent") == "missing", metadata.get("repeats") == "last"
    if not missing and not last:
        return np.asarray(csr.toarray())
    return _last_values(csr, missing)


def rows_of(matrix: Any, metadata: Mapping[str, Any]) -> Any:
    """Return a sparse matrix as CSR, with the entries that the library reads.

    Raises:
        InputError: it stores an entry twice, or entries out of order, and the library's answer is not known; the
            message names the first such row or column.
    """
    _check_order(matrix, metadata.get("ascending") or {})
    csr = matrix.tocsr()
    if csr.nnz < matrix.nnz and not _reads_last(metadata):
        _check_sums(matrix, csr)
    check_repeats(csr, metadata)
    return csr


def has_sparse_columns(X: Any) -> bool:
    """Return whether this is a pandas table of only sparse columns, which scikit-learn reads as a sparse matrix."""
    if not hasattr(X, "iloc") or not hasattr(X, "columns") or not len(X.columns):
        return False
    return all(hasattr(kind, "fill_value") for kind in X.dtypes)


def as_stored(X: Any, metadata: Mapping[str, Any]) -> Any:
    """Convert a table of sparse columns to a sparse matrix, as scikit-learn does; return anything else unchanged.

    Raises:
        InputError: the fill value of a column is not zero, which scikit-learn rejects too; or ``sparse_columns`` of the
            metadata is ``refused``, because the library hands the table to a step that reads zeros in it.
    """
    if not has_sparse_columns(X):
        return X
    if metadata.get("sparse_columns") == "refused":
        raise InputError(
            f"X: a table of sparse columns, which the library gives unconverted to {metadata['zeros_apart']}, "
            "and that reads entries that are not stored as zeros in a table, and as missing in a sparse matrix; "
            "pass X.sparse.to_dense(), where they are zeros, or X.sparse.to_coo().tocsr()"
        )
    try:
        return X.sparse.to_coo().tocsr()
    except ValueError as error:
        raise InputError(f"X: cannot convert a table of sparse columns to a sparse matrix: {error}") from None


def reject_sparse_columns(X: Any, metadata: Mapping[str, Any]) -> None:
    """Reject a table of only sparse columns, if a model of columns distinguishes stored zeros from entries not stored.

    Raises:
        InputError: all columns are sparse.
    """
    if metadata.get("zeros_apart") and has_sparse_columns(X):
        raise InputError(
            "X: a table of sparse columns, which scikit-learn reads as a sparse matrix, and "
            f"{metadata['zeros_apart']} distinguishes a stored zero from an entry that is not stored; "
            "pass X.sparse.to_dense(), where both are zeros"
        )


def reject_dense(X: Any, layout: str, metadata: Mapping[str, Any]) -> None:
    """Reject dense rows, if a model of sparse rows distinguishes stored zeros from entries not stored.

    Raises:
        InputError: the rows are dense; the library would read all their zeros as stored, or none.
    """
    if layout == "sparse" and metadata.get("zeros_apart") and not is_sparse(X):
        raise InputError(
            "X: dense rows, but the model was exported for sparse ones, and "
            f"{metadata['zeros_apart']} distinguishes a stored zero from an entry that is not stored; "
            "export it with a dense sample, or pass scipy.sparse.csr_matrix(X), where no zero is stored"
        )


def reject_small(X: Any, metadata: Mapping[str, Any]) -> None:
    """Refuse small integers and booleans where the library computes with them in float32, and the model in float64.

    Raises:
        InputError: ``stored_small`` of the metadata says so, and X holds nothing else.
    """
    kinds = list(X.dtypes) if hasattr(X, "iloc") else [getattr(X, "dtype", None)]
    if metadata.get("stored_small") == "refused" and kinds and all(map(is_small, kinds)):
        raise InputError(
            f"X: {kinds[0]}, with which the library computes in float32, and the model was exported for sparse rows of "
            "float64; convert it to float64, or export the model with a sparse sample of float32"
        )


def check_repeats(csr: Any, metadata: Mapping[str, Any]) -> None:
    """Reject rows that store a column twice, unless the library's answer is known for their type.

    ``repeats`` in the metadata: ``refused``: always; ``float64``: unless they hold float64, which scikit-learn does not
    convert (SciPy may add the values up when it converts a matrix); ``last``: never.  If absent, the library reads the
    sum, which small integers and booleans may not represent.

    Raises:
        InputError: a row stores a column twice; the message names the row and the column.
    """
    if not _are_rejected(csr.dtype, metadata):
        return
    repeat = _first_repeat(csr)
    if repeat is not None:
        raise InputError(f"X: row {repeat[0]} stores column {repeat[1]} twice; call X.sum_duplicates() first")


def _are_rejected(dtype: np.dtype, metadata: Mapping[str, Any]) -> bool:
    repeats = metadata.get("repeats")
    if repeats in ("refused", "last"):
        return bool(repeats == "refused")
    if repeats == "float64":
        return dtype != np.float64
    return not _reads_last(metadata) and dtype.kind in ("b", "i", "u") and dtype.itemsize < np.dtype(np.int32).itemsize


def _reads_last(metadata: Mapping[str, Any]) -> bool:
    """Return whether LightGBM or XGBoost reads the matrix: they take the last value of an entry, for all types."""
    return metadata.get("repeats") == "last" or metadata.get("absent") == "missing"


def _check_sums(matrix: Any, csr: Any) -> None:
    """Reject coordinates whose sums overflow their type: some estimators add them in that type, others do not."""
    exact = matrix.astype(np.float64).tocsr()
    wrong = np.flatnonzero((exact.data != csr.data) & ~(np.isnan(exact.data) & np.isnan(csr.data)))
    if len(wrong):
        row = int(np.searchsorted(csr.indptr, wrong[0], "right")) - 1
        raise InputError(
            f"X: row {row} stores column {csr.indices[wrong[0]]} twice, and {csr.dtype} cannot represent the sum; "
            "pass X.astype(float) instead"
        )


def _check_order(matrix: Any, ascending: Mapping[str, str]) -> None:
    """Reject a CSR matrix whose columns do not ascend in each row, or a CSC matrix whose rows do not in each column.

    ``ascending``: the formats whose entries a step of the model reads in stored order.
    """
    if "refused" in ascending.values():
        raise InputError(
            "X: a sparse matrix, from which the model selects columns in another order, and then multiplies them in "
            "stored order; pass X.toarray()"
        )
    if matrix.format not in ascending:
        return
    lines = np.repeat(np.arange(len(matrix.indptr) - 1), np.diff(matrix.indptr))
    falls = np.flatnonzero((np.diff(matrix.indices) <= 0) & (np.diff(lines) == 0))
    if len(falls):
        line, entry = ("row", "column") if matrix.format == "csr" else ("column", "row")
        raise InputError(
            f"X: {line} {lines[falls[0]]} stores {entry} {matrix.indices[falls[0] + 1]} twice, or out of order; "
            "call X.sum_duplicates() first"
        )


def _check_zeros(csr: Any) -> None:
    places = np.flatnonzero(csr.data == 0)
    if len(places):
        row = int(np.searchsorted(csr.indptr, places[0], "right")) - 1
        raise InputError(
            f"X: row {row} stores a zero in column {csr.indices[places[0]]}; call X.eliminate_zeros() first"
        )


def _last_values(csr: Any, missing: bool) -> np.ndarray:
    rows = np.repeat(np.arange(csr.shape[0]), np.diff(csr.indptr))
    counts = ~np.isnan(csr.data) if missing else np.ones(len(csr.data), bool)
    array = np.full(csr.shape, np.nan if missing else 0, np.result_type(csr.dtype, np.float32))
    array[rows[counts], csr.indices[counts]] = csr.data[counts]  # NumPy keeps the last value of a repeated index
    return array


def _first_repeat(csr: Any) -> tuple[int, int] | None:
    """Return the first row that stores a column twice, and that column; SciPy's own flag may be out of date."""
    rows = np.repeat(np.arange(csr.shape[0]), np.diff(csr.indptr))
    columns = np.asarray(csr.indices)
    ascends = (np.diff(columns) > 0) | (np.diff(rows) > 0)
    if ascends.all():
        return None
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    again = np.flatnonzero((np.diff(rows) == 0) & (np.diff(columns) == 0))
    return (int(rows[again[0]]), int(columns[again[0]])) if len(again) else None
