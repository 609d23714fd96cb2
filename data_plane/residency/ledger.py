"""Counts the bytes that resident plans hold; shared objects count once.

Sizes follow from the plan: what its objects take when they are mapped, and what its Python objects take, by the numbers
of its stages, outputs and objects.  The constants are measured; a test compares them with the allocations of a load.
"""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pretzel.data_plane.cache.layout import is_packed
from pretzel.engine import Executable
from pretzel.plan.digest import Digest
from pretzel.plan.plan import Plan

PLAN, STAGE, OUTPUT, OBJECT = 5600, 560, 550, 520
"""Bytes on the heap of a resident plan with one prepared program, and in addition per stage, output and object."""
PROGRAM, STEP = 600, 80
"""Bytes of each further program, and per step."""
PREPARED, PREPARED_OUTPUT = 500, 250
"""Bytes of what the hot path prepares for a further choice of outputs, and per output."""


@dataclass(slots=True)
class Holding:
    """The memory of a resident plan."""

    objects: tuple[Digest, ...]
    """Objects that are mapped, the plan's own first; those of several plans count once."""
    inline: tuple[Digest, ...]
    """Small parameters within the plan."""
    heap: int
    """Bytes of its own."""
    choices: int = 0
    """Bytes of programs for further choices of outputs."""

    @classmethod
    def of(cls, address: Digest, plan: Plan, executable: Executable | None = None) -> Holding:
        """Return the holding of a plan; without its executable, with a lower bound for its label tables."""
        objects = (address, *plan.objects)
        parts = len(plan.stages) * STAGE + len(plan.outputs) * OUTPUT + len(objects) * OBJECT
        inline = sum(digest.size for digest in plan.inline)
        return cls(objects, tuple(plan.inline), PLAN + parts + inline + (label_bytes(executable) if executable else 0))

    @property
    def bytes(self) -> int:
        """Bytes that it takes if it shares nothing."""
        return self.heap + self.choices + sum(map(mapped_bytes, self.objects))


class Ledger:
    """Bytes held by plans."""

    def __init__(self) -> None:
        self._holders: Counter[Digest] = Counter()
        self.bytes = 0

    def add(self, holding: Holding) -> None:
        """Add a plan."""
        self.bytes += holding.heap + holding.choices
        for digest in holding.objects:
            self._holders[digest] += 1
            if self._holders[digest] == 1:
                self.bytes += mapped_bytes(digest)

    def remove(self, holding: Holding) -> None:
        """Remove a plan."""
        self.bytes -= holding.heap + holding.choices
        for digest in holding.objects:
            self._holders[digest] -= 1
            if not self._holders[digest]:
                del self._holders[digest]
                self.bytes -= mapped_bytes(digest)

    def charge(self, size: int) -> None:
        """Count bytes that are not of a plan, as those of routes; negative if they are freed."""
        self.bytes += size

    def grow(self, holding: Holding, choices: int) -> None:
        """Count the programs of a plan that was added, for further choices of outputs."""
        self.bytes += choices - holding.choices
        holding.choices = choices

    def freed(self, holding: Holding | None) -> int:
        """Return the bytes that the removal of a plan frees; none for one that holds nothing."""
        if holding is None:
            return 0
        return holding.heap + holding.choices + sum(mapped_bytes(d) for d in holding.objects if self._holders[d] == 1)


def mapped_bytes(digest: Digest) -> int:
    """Return the bytes of an object in memory: a file takes whole pages, and objects in a pack share them."""
    return digest.size if is_packed(digest) else -(-digest.size // mmap.PAGESIZE) * mmap.PAGESIZE


def choice_bytes(executable: Executable, prepared: int) -> int:
    """Return the bytes of a plan's programs, and of what ``prepared`` choices of outputs took, but for the first."""
    outputs = executable.choices()[1:]
    programs = len(outputs) * (PROGRAM + STEP * executable.step_count)
    each = PREPARED + PREPARED_OUTPUT * max(sum(outputs) // max(len(outputs), 1), 1)
    return programs + max(prepared - 1, 0) * each


def label_bytes(executable: Executable) -> int:
    """Return the bytes of the tables of labels, once as an array and once as they are sent."""
    tables = {id(output.labels): output.labels for output in executable.outputs.values() if output.labels is not None}
    return 2 * sum(table.nbytes for table in tables.values())


def total_bytes(holdings: Iterable[Holding]) -> int:
    """Return the bytes of plans together."""
    ledger = Ledger()
    for holding in holdings:
        ledger.add(holding)
    return ledger.bytes
