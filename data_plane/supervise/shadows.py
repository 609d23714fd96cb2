"""The figures of shadows of all serving processes of a worker, those that died included."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Sequence

from pretzel.plan.shadows import ShadowFigures, summed
from pretzel.plan.wire.shadows import figures_from_bytes

MOST_SOURCES = 256
"""Serving processes whose figures are kept separately; those of the ones heard longest ago are added up, and closed."""


class ShadowSums:
    """Keeps the last figures of each serving process.  For one event loop."""

    def __init__(self) -> None:
        self.source = uuid.uuid4().hex
        """Identifies this run of the worker."""
        self._last: OrderedDict[str, Sequence[bytes]] = OrderedDict()
        self._past: list[ShadowFigures] = []

    def hear(self, source: str, figures: Sequence[bytes]) -> None:
        """Take the figures of a serving process, in place of those before."""
        self._last[source] = figures
        self._last.move_to_end(source)
        if len(self._last) > MOST_SOURCES:
            _, old = self._last.popitem(last=False)
            self._past = summed([*self._past, *map(figures_from_bytes, old)])

    def report(self) -> tuple[str, list[ShadowFigures]]:
        """Return the source, and the sums of all processes."""
        found = [figures_from_bytes(data) for figures in self._last.values() for data in figures]
        return self.source, summed([*self._past, *found])
