"""A test of estimators for being fitted, and the reason why one cannot be read."""

from __future__ import annotations

from typing import Any


def is_fitted(estimator: Any) -> bool:
    """Return whether an estimator is fitted, by its own check or by attributes that end in an underscore."""
    if not hasattr(estimator, "fit"):
        return True
    if hasattr(estimator, "__sklearn_is_fitted__"):
        try:
            return bool(estimator.__sklearn_is_fitted__())
        except (AttributeError, ValueError):  # a union raises the NotFittedError of an inner estimator
            return False
    return any(name.endswith("_") and not name.startswith("__") for name in vars(estimator))


def why_unreadable(estimator: Any, kind: type, error: Exception) -> tuple[str, str, bool]:
    """Return reason and remedy for an estimator whose importer, that of ``kind``, ended in an error.

    The third is true if the input of the estimator may be the cause.  Fitting sets all attributes that importers read.
    """
    if not is_fitted(estimator):
        return "it is not fitted", "fit it first", False
    if kind is not type(estimator):
        reason = f"an attribute of {kind.__name__} is missing or invalid ({error})"
        return reason, f"let its __init__ and fit call those of {kind.__name__}", False
    reason = f"an option or attribute is invalid ({type(error).__name__}: {error})"
    return reason, "see whether its own methods answer, and fit it with other options", True
