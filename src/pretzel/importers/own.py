"""Importers of classes that users wrote, found by a test of the estimator rather than by its class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Importer = TypeVar("Importer", bound=Callable[..., Any])
OWN: list[tuple[Callable[[Any], bool], Any]] = []
"""Importers, with the test of an estimator."""


def own_class(is_own: Callable[[Any], bool]) -> Callable[[Importer], Importer]:
    """Register an importer of estimators without one of their own, for which ``is_own`` holds."""

    def register(importer: Importer) -> Importer:
        OWN.append((is_own, importer))
        return importer

    return register


def own_importer(estimator: Any) -> Any:
    """Return the importer of a class that a user wrote; None for any other."""
    return next((importer for is_own, importer in OWN if is_own(estimator)), None)
