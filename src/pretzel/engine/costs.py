"""What a kernel takes, from a table that `make bench` measures and that is committed: equal plans on every machine.

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
"""Rows of the calls that a choice among kernels is made for."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a kernel does for one row, in the units of the table."""

    read: float
    written: float
    product: float = 0.0
    """Multiplications, comparisons or probes."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Nanoseconds a call, a row, and each unit of work."""

    call: float
    row: float
    read: float
    written: float
    product: float

    def nanoseconds(self, work: Work, rows: int) -> float:
        """Return what one call over that many rows takes."""
        a_row = self.row + self.read * work.read + self.written * work.written + self.product * work.product
        return self.call + rows * a_row

    @classmethod
    def names(cls) -> list[str]:
        """Return the rates in order, as the table has them."""
        return [field.name for field in fields(cls)]


Measure = Callable[[Node, Sizes], Work]


def usual_work(node: Node, sizes: Sizes) -> Work:
    """Return the elements read and written, and their product where the operator computes rather than moves."""
    read, written = sum(map(sizes.of, node.inputs)), sizes.of(node)
    return Work(read, written, read * written if node.compute_bound else 0.0)


@cache
def table() -> Mapping[str, Rates]:
    """Return the rates of every kernel that was measured."""
    return {kernel: Rates(*rates) for kernel, rates in json.loads(TABLE.read_text()).items()}


def nanoseconds(kernel: str, work: Work, rows: int) -> float | None:
    """Return what a call of a kernel over that many rows takes, or None where it was never measured."""
    rates = table().get(kernel)
    return None if rates is None else rates.nanoseconds(work, rows)


def relative_cost(kernel: str, work: Work) -> float | None:
    """Return a measure that is less for the better of two kernels: the product of the times of one row and of many."""
    found = [nanoseconds(kernel, work, rows) for rows in BATCHES]
    return None if None in found else math.prod(time for time in found if time is not None)
