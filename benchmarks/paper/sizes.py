"""The sizes in which the evaluation runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """The models and rows that a run measures, and the time it takes for each."""

    name: str
    models: int
    """Pipelines of each workload."""
    texts: int
    """Sentences of the corpus that vectorizers and heads are fitted on, at most."""
    terms: int
    """Terms of the largest word dictionary, at most."""
    asked: int
    """Rows of each workload that experiments ask about; none was fitted on."""
    seconds: float
    """The duration of one measurement under load."""
    rounds: int
    """Measurements of each side, in turn."""
    many: int
    """Models of the experiment on many models."""


SIZES: Mapping[str, Size] = {
    "full": Size("full", 250, 60_000, 200_000, 1000, 5.0, 5, 10_000),
    "small": Size("small", 50, 6000, 30_000, 200, 1.0, 3, 500),
    "ten": Size("ten", 10, 600, 3000, 20, 0.2, 1, 20),
}
