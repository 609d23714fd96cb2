"""Random texts of numbers for the proof of a trace that reads numbers from texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.importers.tracing.random_texts import constants_of
from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node

ODD = (
    "",
    " ",
    "1_000",
    "1e3",
    " 7 ",
    "\t-2.50\n",
    "inf",
    "-Infinity",
    "nan",
    "NaN",
    ".5",
    "5.",
    "+3",
    "007",
    "1e400",
    "\u0663",
)
OTHER = ("unknown", "n/a", "1,5", "1 2", "0x10", "--1", "1__0", "\u00b2", "\x1c5", "e5")
MISSING, IS_ODD, IS_OTHER, IS_WRAPPED = 0.05, 0.15, 0.06, 0.6


def number_texts(node: Node, roots: Sequence[Node], count: int, rng: np.random.Generator) -> list[Any] | None:
    """Return texts of numbers, some next to constants of the trace, and others; None for a column of other texts."""
    if not any(isinstance(reader, ops.ParseNumber) and node in topological([reader]) for reader in topological(roots)):
        return None
    around = ["", *constants_of(roots)]
    texts = [_one(around, rng) for _ in range(count)]
    texts[:4] = ["12", "-3", "0", "7"]  # of which every reader makes a number
    missing = rng.random(count) < MISSING
    return [None if gone and row > 3 else text for row, (text, gone) in enumerate(zip(texts, missing, strict=True))]


def _one(around: Sequence[str], rng: np.random.Generator) -> str:
    drawn = rng.random()
    if drawn < IS_OTHER:
        return OTHER[int(rng.integers(len(OTHER)))]
    number = ODD[int(rng.integers(len(ODD)))] if drawn < IS_OTHER + IS_ODD else _number(rng)
    if rng.random() > IS_WRAPPED:
        return number
    before, after = (around[int(rng.integers(len(around)))] for _ in range(2))
    return before + number + after


def _number(rng: np.random.Generator) -> str:
    kind = int(rng.integers(4))
    if kind == 0:
        return str(rng.integers(-50, 5000))
    if kind == 1:
        return repr(float(rng.normal(0, 1000)))
    return f"{rng.lognormal(2, 2):.2f}" if kind == 2 else str(rng.integers(0, 10))
