"""The calls of a run: when each is due and which request it sends, or how many callers repeat theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pretzel.loadgen.arrivals import BLOCK, times_of
from pretzel.loadgen.mix import Sizes, choices, drawn, zipf
from pretzel.loadgen.trace import Trace

Blocks = Iterator[tuple[list[float], list[int]]]
"""Times at which calls are due, and the position of the request of each."""


@dataclass(frozen=True, slots=True)
class Load:
    """The load to generate."""

    seconds: float
    """Seconds to measure; those of a trace are its own."""
    warm_up: float
    """Seconds before those; their calls are sent and not counted."""
    callers: int = 0
    """Callers, each with one call at a time (a closed loop); 0: calls are due at their times (an open loop)."""
    rate: float = 0.0
    """Calls per second of the open loop."""
    arrivals: str = "poisson"
    burst: int = 1
    trace: Trace | None = None
    """Calls of the open loop, instead of a rate."""
    seed: int = 0
    outstanding: int = 4096
    """Most calls without an answer; others wait, and their wait counts."""
    timeout: float = 30.0
    """Seconds from the time at which a call is due until it fails."""

    @property
    def end(self) -> float:
        """Seconds from the start at which nothing more becomes due."""
        return self.warm_up + self.measured

    @property
    def measured(self) -> float:
        """Seconds that are measured: the rest of a trace, or those asked for."""
        return self.seconds if self.trace is None else max(self.trace.seconds - self.warm_up, 1e-3)


class Requests:
    """The models and sizes to draw from; a request's position is its model's, times the sizes, plus its size's."""

    def __init__(self, models: int, sizes: Sizes, exponent: float) -> None:
        self._models, self._sizes = zipf(models, exponent), np.array(sizes.shares)

    def open(self, load: Load) -> Blocks:
        """Yield the calls of an open loop, the same for the same load."""
        random = np.random.default_rng(load.seed)
        if load.trace is not None:
            yield load.trace.times.tolist(), load.trace.kinds.tolist()
            return
        blocks = times_of(load.arrivals, load.rate, load.end, load.burst, random)
        for times, kinds in drawn(blocks, self._models, self._sizes, random):
            yield times.tolist(), kinds.tolist()

    def endless(self, load: Load) -> Iterator[int]:
        """Yield the requests of a closed loop."""
        random = np.random.default_rng(load.seed)
        while True:
            models, sizes = choices(self._models, random, BLOCK), choices(self._sizes, random, BLOCK)
            yield from (models * len(self._sizes) + sizes).tolist()
