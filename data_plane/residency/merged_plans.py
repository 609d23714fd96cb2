"""Joint executables: several plans in one program, so that what they share runs once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from pretzel.data_plane.residency.entry import Entry, any_optional
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.scheduling.cost import Cost
from pretzel.engine import Executable
from pretzel.plan.digest import Digest

KEPT = 64
"""Combinations remembered; each costs only its program, as kernels are shared."""
Key = tuple[Digest, ...]


class JointCatalog:
    """Joint executables by the plans they run, the least recently used forgotten first.

    A combination goes when one of its plans leaves, so that it never keeps evicted memory alive.
    """

    def __init__(self, plans: PlanCatalog) -> None:
        self._plans = plans
        self._made: OrderedDict[Key, tuple[Executable, Cost, Cost]] = OrderedDict()
        plans.on_evict.append(self._forget)

    async def get(self, entries: Sequence[Entry], outputs: Sequence[str] = ()) -> tuple[Executable, Cost]:
        """Return what runs these resident plans together, and what it costs; output names begin with "<i>/".

        ``outputs``: those asked of the plans, without that.
        """
        key = tuple(entry.digest for entry in entries)
        made = self._made.get(key)
        if made is None:
            executable = await self._plans.load_together(entries)
            made = executable, Cost(_Together.of(entries, ())), Cost(_Together.of(entries, outputs))
            self._made[key] = made
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(key)
        return made[0], made[2] if any_optional(tuple(outputs)) else made[1]

    def _forget(self, digest: Digest) -> None:
        for key in [key for key in self._made if digest in key]:
            del self._made[key]


@dataclass(frozen=True, slots=True)
class _Together:
    """What several plans are expected to take in one run: at most what they take one by one."""

    costs: tuple[Cost, ...]

    @classmethod
    def of(cls, entries: Sequence[Entry], outputs: Sequence[str]) -> _Together:
        return cls(tuple(entry.cost_of(outputs) for entry in entries))

    def seconds(self, rows: int, size: int) -> float:
        return sum(cost.expected(size, rows) for cost in self.costs)
