"""Fields and rounding to multiples of a frequency, for the ``.dt`` of dates and of spans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing import moments, operators
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.moments import Moments
from pretzel.importers.tracing.values import ROWS, Value
from pretzel.importers.tracing.zones import zone_of
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import UNITS

AMBIGUOUS = "its local times may exist twice or not at all; convert to UTC first, or use .dt.tz_localize(None)"
REMEDY = "use the numeric fields of .dt, their names, .dt.strftime and rounding"


class Accessor:
    """Base of both accessors."""

    def __init__(self, series: Any) -> None:
        """Read a series of dates or spans."""
        self._series, self._of = series, series.part

    @property
    def unit(self) -> str:
        """The unit."""
        return str(self._of.form.unit)

    def _made(self, value: Value) -> Any:
        return self._series._of(value)

    def _field(self, node: Node, name: str) -> Value:
        return Value(ops.DatePart(node, self._of.form.unit, name), np.zeros(ROWS))

    def __getattr__(self, name: str) -> Any:
        """End the trace at an attribute that is not traced."""
        if name.startswith("_"):
            raise AttributeError(name)
        raise TraceEnd(f".dt.{name} is not traced", REMEDY)


class Rounding(Accessor):
    """Rounding to multiples of a frequency, in local time."""

    def _local(self) -> Node:
        raise NotImplementedError

    def floor(self, freq: Any, *_: Any, **__: Any) -> Any:
        """Round down to a multiple of a frequency."""
        return self._made(self._rounded(freq, _down))

    def ceil(self, freq: Any, *_: Any, **__: Any) -> Any:
        """Round up to a multiple of a frequency."""
        return self._made(self._rounded(freq, _up))

    def round(self, freq: Any, *_: Any, **__: Any) -> Any:
        """Round to the nearest multiple of a frequency, and half to an even one."""
        return self._made(self._rounded(freq, _nearest))

    def _rounded(self, freq: Any, rounding: Callable[[Node, int], Node]) -> Moments:
        step = self._ticks(freq)
        if step <= 1:
            return self._of  # type: ignore[no-any-return]
        node = shifted(rounding(self._local(), step), -self._offset())
        return moments.of_unit(node, self.unit, spans=self._of.form.spans, zone=self._of.zone)

    def _offset(self) -> int:
        """Return the fixed offset of the time zone, in ticks."""
        zone = zone_of(self._of.zone) if self._of.zone else None
        if zone is not None and not zone.is_fixed:
            raise TraceEnd(f"rounding of dates in the time zone {zone.name} is not traced", AMBIGUOUS)
        return zone.offsets[0] * UNITS[self.unit] if zone else 0

    def _ticks(self, freq: Any) -> int:
        """Return the ticks of a frequency; 1 or less if it is finer than the unit."""
        nanoseconds = pd.tseries.frequencies.to_offset(freq).nanos
        ticks, rest = divmod(nanoseconds * UNITS[self.unit], 10**9)
        if ticks and rest:
            raise TraceEnd(
                f"a frequency of {freq!r:.20} is not a multiple of the unit {self.unit}", "use a coarser one"
            )
        return int(ticks)


def shifted(node: Node, ticks: int) -> Node:
    """Return dates so many ticks later."""
    return ops.DateArithmetic(node, moments.ticks_everywhere(ticks, node), "add") if ticks else node


def _down(node: Node, step: int) -> Node:
    return ops.DateScale(node, step, step)


def _up(node: Node, step: int) -> Node:
    return _down(shifted(node, step - 1), step)


def _nearest(node: Node, step: int) -> Node:
    """Return the nearest multiple; only an even step has a half, which goes to an even multiple."""
    if step % 2:
        return _down(shifted(node, step // 2), step)
    low, half = _down(node, step), moments.ticks_everywhere(step // 2, node)
    rest = ops.DateArithmetic(node, low, "subtract")
    odd = operators.negated(ops.Compare(_down(low, 2 * step), low, "equal"))
    tie = operators.logic("and", ops.Compare(half, rest, "equal"), odd)
    return ops.Where(operators.logic("or", ops.Compare(half, rest, "less"), tie), shifted(low, step), low)
