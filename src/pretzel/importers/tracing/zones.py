"""Tables of the offsets of time zones from UTC, as pandas converts instants."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pretzel.plan import ops
from pretzel.plan.dates import NAT
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import UNITS
from pretzel.plan.parameter import Parameter

FIRST, LAST = "1900-01-01", "2100-01-01"
MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Zone:
    """The offsets of a time zone, in seconds."""

    name: str
    transitions: tuple[int, ...]
    """The seconds since 1970 at which the offset changes."""
    offsets: tuple[int, ...]
    """The offset before the first transition, and after each."""

    @property
    def is_fixed(self) -> bool:
        """True if the offset is always the same."""
        return len(self.offsets) == 1


@functools.lru_cache(maxsize=16)
def zone_of(name: str) -> Zone:
    """Return the table of a time zone: days whose offset changes are searched for the second."""
    days = pd.date_range(FIRST, LAST, freq="D", unit="s").to_numpy().astype(np.int64)
    offsets = _offsets(days, name)
    changed = np.flatnonzero(np.diff(offsets))
    low, high = days[changed], days[changed + 1]
    before = offsets[changed]
    while (high - low > 1).any():
        middle = (low + high) // 2
        same = _offsets(middle, name) == before
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return Zone(name, tuple(high.tolist()), (int(offsets[0]), *offsets[changed + 1].tolist()))


def local(node: Node, unit: str, name: str) -> Node:
    """Return the local times of instants in a time zone."""
    zone = zone_of(name)
    if zone.offsets == (0,):
        return node
    scale = UNITS[unit]
    first, last = (int(np.datetime64(day, "s").astype(np.int64)) * scale for day in (FIRST, LAST))
    if zone.is_fixed:
        first, last = NAT, MOST
    transitions, offsets = (Parameter.of(np.array(x, np.int64) * scale) for x in (zone.transitions, zone.offsets))
    return ops.LocalTime(node, transitions, offsets, first, last, name)


def _offsets(seconds: np.ndarray, name: str) -> np.ndarray:
    instants = pd.DatetimeIndex(seconds.astype("M8[s]")).tz_localize("UTC")
    wall = instants.tz_convert(name).tz_localize(None).to_numpy().astype("M8[s]").astype(np.int64)
    offsets: np.ndarray = wall - seconds
    return offsets
