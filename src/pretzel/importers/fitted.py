"""A test of estimators for being fitted."""

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
