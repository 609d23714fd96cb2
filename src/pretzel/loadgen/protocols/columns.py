"""Random columns of the types that a model declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.plan.model import InputDescription
from pretzel.plan.values import Csr, Ragged, Texts

_WORDS = np.array("the of and to in is was for on that with as it by be at from this are or".split())
_LENGTH = 20
"""Words of a text, and items of a list."""


def random_columns(inputs: Sequence[InputDescription], rows: int) -> dict[str, Any]:
    """Return columns for each input; the same for the same arguments."""
    random = np.random.default_rng(0)
    return {item.name: _column(item, rows, random) for item in inputs}


def sentences(count: int, random: np.random.Generator) -> list[str]:
    """Return texts of words."""
    return [" ".join(random.choice(_WORDS, _LENGTH)) for _ in range(count)]


def _column(item: InputDescription, rows: int, random: np.random.Generator) -> Any:
    kind = item.type
    if kind.layout == "ragged":
        words = [random.choice(_WORDS, _LENGTH).tolist() for _ in range(rows)]
        return Ragged.of(words if kind.is_text else [[1.0] * len(row) for row in words], numbers=not kind.is_text)
    if kind.is_text:
        return Texts.of(sentences(rows * kind.columns, random), kind.width)
    shape = (rows,) if kind.width is None else (rows, kind.width)
    numbers = (random.normal(size=shape) * (1 if kind.is_float else 10)).astype(kind.numpy)
    return Csr.of(numbers) if kind.layout == "sparse" else numbers
