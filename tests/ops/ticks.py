"""Strategies for dates: NaT, the calendar's odd days, and the ends of int64."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan.ops.dates import UNITS

NAT = -(2**63)
ODD_DAYS = [
    "0001-01-01",
    "1899-12-31",
    "1900-02-28",
    "1969-12-31",
    "1970-01-01",
    "2000-02-29",
    "2020-12-31",
    "2021-01-03",
]
UNIT = st.sampled_from([*UNITS])


def ticks(unit: str) -> st.SearchStrategy[Any]:
    """Ticks of a unit: odd days of the calendar and their neighbours, any others, NaT."""
    odd = [int(np.datetime64(day, "s").astype(np.int64)) * UNITS[unit] for day in ODD_DAYS]
    edges = [v + d for v in odd for d in (-1, 0, 1) if abs(v + d) < 2**63]
    usual = st.integers(-3 * 10**9, 4 * 10**9).map(lambda second: second * UNITS[unit])
    limits = [NAT, NAT + 1, NAT + 2, 2**63 - 1, 0, -1, 86_399 * UNITS[unit]]
    return st.sampled_from(edges) | usual | st.sampled_from(limits) | st.integers(-(2**63), 2**63 - 1)


def columns(unit: str, rows: int) -> st.SearchStrategy[np.ndarray]:
    """Columns of such ticks."""
    return hnp.arrays(np.int64, rows, elements=ticks(unit))
