"""Importers of classes that users wrote, found by a test of the estimator rather than by its class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Importer = TypeVar("Importer", bound=Callable[..., Any])
OWN: list[tuple[Callable[[Any], bool], Any]] = []
"""Importers, with the test of an estimator."""
REGISTERED: dict[type, bool] = {}
"""Classes whose importers users registered; True if they read a table by the names of its columns."""


def own_class(is_own: Callable[[Any], bool]) -> Callable[[Importer], Importer]:
    """Register an importer of estimators without one of their own, for which ``is_own`` holds."""

    def register(importer: Importer) -> Importer:
        OWN.append((is_own, importer))
        return importer

    return register


def own_importer(estimator: Any) -> Any:
    """Return the importer of a class that a user wrote; None for any other."""
    return next((importer for is_own, importer in OWN if is_own(estimator)), None)


def is_by_position(estimator: Any) -> bool:
    """Return whether a user's class, or a class with a user's importer, may read a table by position."""
    registered = [by_name for kind in type(estimator).__mro__ if (by_name := REGISTERED.get(kind)) is not None]
    return not registered[0] if registered else own_importer(estimator) is not None
