"""A common pipeline with an unsupported step, and the contents of its refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline

from tests.importers.foreign import (
    Y,
)


@dataclass(frozen=True)
class Common:
    """One pipeline, and for each step that must be refused its path, its class, and a piece of the message."""

    make: Callable[[], Any]
    refused: dict[str, tuple[str, str]]
    x: Any = None
    needs_sample: bool = False
    """True if only a sample shows the problem."""


def columns(*parts: tuple[str, Any, Any], **options: Any) -> ColumnTransformer:
    return ColumnTransformer(list(parts), **options)


def fitted(*steps: Any, x: Any) -> Callable[[], Any]:
    return lambda: make_pipeline(*steps).fit(x, Y)


FT = "sklearn.preprocessing.FunctionTransformer"
