"""Estimate the time of kernels by a committed table (see `make bench`), so that all machines compile equal plans.

A call of a kernel takes ``call + rows * (row + read * r + written * w + product * p)`` nanoseconds; `costs.json` holds
the five rates of each kernel.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from pretzel.plan.node import Node
from pretzel.plan.sizes import Sizes

TABLE = Path(__file__).with_name("costs.json")
BATCHES = (1, 1000)
"""Rows per call for which kernels are compared."""


@dataclass(frozen=True, slots=True)
class Work:
    """The work of a kernel per row, in the units of the table."""

    read: float
    written: float
    product: float = 0.0
    """Multiplications, comparisons or probes."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Nanoseconds per call, per row, and per unit of work."""

    call: float
    row: float
    read: float
    written: float
    product: float

    def nanoseconds(self, work: Work, rows: int) -> float:
        """Return the time of one call over ``rows`` rows."""
        per_row = self.row + self.read * work.read + self.written * work.written + self.product * work.product
        return self.call + rows * per_row

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the rates, in the order of the table."""
        return [field.name for field in fields(cls)]


Measure = Callable[[Node, Sizes], Work]


def usual_work(node: Node, sizes: Sizes) -> Work:
    """Return the elements read and written, and their product for compute-bound operators."""
    read, written = sum(map(sizes.of, node.inputs)), sizes.of(node)
    return Work(read, written, read * written if node.compute_bound else 0.0)


@cache
def table() -> Mapping[str, Rates]:
    """Return the rates of all measured kernels."""
    return {kernel: Rates(*rates) for kernel, rates in json.loads(TABLE.read_text()).items()}


def nanoseconds(kernel: str, work: Work, rows: int) -> float | None:
    """Return the time of a kernel's call over ``rows`` rows, or None if it was never measured."""
    rates = table().get(kernel)
    return None if rates is None else rates.nanoseconds(work, rows)


def relative_cost(kernel: str, work: Work) -> float | None:
    """Return a cost to compare kernels by: the product of the times of one row and of many."""
    times = [nanoseconds(kernel, work, rows) for rows in BATCHES]
    return None if None in times else math.prod(time for time in times if time is not None)
