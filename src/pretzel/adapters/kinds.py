"""Kinds of numbers that libraries read in ways of their own: other byte orders, long doubles, codes of categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.adapters.tables import columns_in_order, dtypes_of, is_sparse
from pretzel.errors import InputError


def in_native_order(X: Any, metadata: Mapping[str, Any]) -> Any:
    """Return an array, a sparse matrix or a pandas table with its numbers in the byte order of the machine.

    Raises:
        InputError: XGBoost reads its bytes as they are, LightGBM reads it in float32; or it is of float32, which steps
            of scikit-learn read as float64 only in the other order.
    """
    if isinstance(X, np.ndarray) or is_sparse(X):
        if X.dtype.char == "g" and metadata.get("byte_order") == "native":
            raise InputError(
                f"X: the library reads the bytes of {X.dtype.name} as float64; convert it with astype(float)"
            )
        return X if X.dtype.isnative else X.astype(_native(X.dtype, metadata))
    if not hasattr(type(X), "iloc") or not hasattr(type(X), "dtypes"):
        return X
    foreign = {i: kind for i, kind in enumerate(dtypes_of(X)) if is_foreign(kind)}
    if not foreign or X.ndim != 2:
        return X
    native = X.copy()
    for i, kind in foreign.items():
        native.isetitem(i, X.iloc[:, i].to_numpy().astype(_native(kind, metadata)))
    return native


def is_foreign(kind: Any) -> bool:
    """Return whether this is a type of NumPy in the byte order of other machines."""
    return isinstance(kind, np.dtype) and not kind.isnative


def _native(kind: np.dtype, metadata: Mapping[str, Any]) -> np.dtype:
    reads = "the library reads its bytes as they are" if metadata.get("byte_order") == "native" else ""
    if kind.kind == "f" and kind.itemsize == 4:
        reads = reads or "some steps read it as float64, others as float32"
    if reads and kind.kind in "biuf":
        raise InputError(
            f"X: {kind.str} is in the other byte order, and {reads}; convert it with astype({kind.name!r})"
        )
    return kind.newbyteorder("=")


def reject_long_doubles(array: np.ndarray) -> None:
    """Reject long doubles: most estimators of the libraries compute with all of their digits.

    Raises:
        InputError: the array is of long doubles.
    """
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        raise InputError(f"{array.dtype}: the library computes in it, with other digits; convert it with astype(float)")


def reject_categories(X: Any, metadata: Mapping[str, Any]) -> None:
    """Reject columns of categories whose codes a boosting library reads, and columns of objects, which it rejects.

    Raises:
        InputError: such a column has a ``category`` type or holds objects; the message names it.
    """
    names = metadata.get("without_categories")
    if not names or not hasattr(type(X), "iloc") or not hasattr(type(X), "dtypes") or X.ndim != 2:
        return
    if not any(_is_category(kind) or _is_of_objects(kind) for kind in dtypes_of(X)):
        return
    by_name = metadata.get("input_style") == "frame"
    labels = X.columns if by_name and set(names) <= {*X.columns} else metadata.get("feature_names") or range(X.shape[1])
    only = None if metadata.get("input_style") == "matrix" else {*names}
    for label, column in zip(labels, columns_in_order(X) or (), strict=False):
        if only is not None and str(label) not in only:
            continue
        if _is_of_objects(column.dtype):
            raise InputError(
                f"column {str(label)!r}: of type {column.dtype}, which the library rejects; convert it: astype(float)"
            )
        if _is_category(column.dtype):
            raise InputError(
                f"column {str(label)!r}: a category, whose codes the library reads, since the model was trained "
                "without categories; convert it as in training: astype(float)"
            )


def read_as_codes(X: Any, metadata: Mapping[str, Any]) -> dict[str, bool]:
    """Return the inputs whose numbers a boosting library reads in X as codes of categories, and whether they agree.

    It reads categories in columns of pandas of that type, but codes in arrays, lists of rows and other tables.  It
    rejects most other columns of pandas; ``apply`` of XGBoost reads codes.
    """
    known: dict[str, bool] = metadata.get("codes") or {}
    if not known or isinstance(X, Mapping):
        return {}
    if isinstance(X, (list, tuple)) and X and isinstance(X[0], Mapping):
        return {}
    if not hasattr(type(X), "iloc"):
        return known
    others = {str(name) for name, kind in zip(X.columns, dtypes_of(X), strict=True) if not _is_category(kind)}
    return {name: same for name, same in known.items() if name in others}


def reject_codes(X: Any, columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Reject numbers that the library reads as codes, unless the categories are 0, 1, 2, ..., as their codes.

    Raises:
        InputError: a column of X holds such numbers; the message names it.
    """
    for name, same in read_as_codes(X, metadata).items():
        if name in columns and not (same and _are_whole(columns[name])):
            raise InputError(
                f"column {name!r}: numbers, which the library reads as codes of categories; "
                "pass a pandas table with a column of type category, or dictionaries by name"
            )


def _are_whole(values: np.ndarray) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.all((values == np.trunc(values)) | (values != values)))


def reject_float_type(X: Any, metadata: Mapping[str, Any], method: str) -> None:
    """Reject numbers of another float type than the library takes for a method (``of_type`` in the metadata).

    Raises:
        InputError: X is of another type; the message names the type and how to convert X.
    """
    needed = (metadata.get("of_type") or {}).get(method)
    if needed is None or ("float32" if _is_float32(X) else "float64") == needed:
        return
    others = "other types" if needed == "float32" else "float32"
    raise InputError(
        f"X: the model was fitted on {needed}, and {method} of its library rejects {others}; "
        f"convert it: astype({needed!r})"
    )


def _is_float32(X: Any) -> bool:
    """Return whether an array, a sparse matrix or all columns of a table are of float32."""
    kinds = dtypes_of(X) if hasattr(type(X), "dtypes") else [getattr(X, "dtype", None)]
    return all(str(kind).lower() == "float32" for kind in np.atleast_1d(np.asarray(kinds, object)))


def _is_category(kind: Any) -> bool:
    return type(kind).__name__ == "CategoricalDtype"


def _is_of_objects(kind: Any) -> bool:
    return str(kind) == "object" or str(kind).startswith("str")
