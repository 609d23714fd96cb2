"""Shares of models and of batch sizes: a call is a model and a number of rows, drawn independently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pretzel.errors import InputError


def zipf(count: int, exponent: float) -> np.ndarray:
    """Return the shares of ``count`` models: that of the k-th is proportional to ``k ** -exponent``.

    0 gives equal shares.
    """
    weights = np.arange(1, count + 1, dtype=float) ** -exponent
    shares: np.ndarray = weights / weights.sum()
    return shares


@dataclass(frozen=True, slots=True)
class Sizes:
    """Batch sizes, and their shares of the calls."""

    rows: tuple[int, ...]
    shares: tuple[float, ...]

    @classmethod
    def parse(cls, text: str) -> Sizes:
        """Read ``SIZE[:SHARE],...``: a share is relative to the others, 1 if left out.

        Raises:
            InputError: it reads otherwise.
        """
        pairs = [_pair(text, part) for part in text.split(",")]
        total = sum(share for _, share in pairs)
        return cls(tuple(rows for rows, _ in pairs), tuple(share / total for _, share in pairs))


def _pair(text: str, part: str) -> tuple[int, float]:
    size, _, share = part.partition(":")
    try:
        pair = int(size), float(share) if share else 1.0
    except ValueError:
        pair = 0, 0.0
    if pair[0] < 1 or not 0 < pair[1] < float("inf"):
        raise InputError(f"rows {text!r}: expected SIZE or SIZE:SHARE separated by commas, such as 1:0.9,100:0.1")
    return pair


def choices(shares: np.ndarray, random: np.random.Generator, count: int) -> np.ndarray:
    """Return ``count`` positions drawn by their shares."""
    return np.minimum(np.searchsorted(np.cumsum(shares), random.random(count), side="right"), len(shares) - 1)


def drawn(
    blocks: Iterator[np.ndarray], models: np.ndarray, sizes: np.ndarray, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield blocks of times with the request of each: its model's position times the sizes, plus that of its size."""
    for times in blocks:
        yield times, choices(models, random, len(times)) * len(sizes) + choices(sizes, random, len(times))
