"""Joint executables: several plans in one program, so that shared stages run once."""

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
"""Combinations kept; each costs only its program, as kernels are shared."""
Key = tuple[Digest, ...]


class JointCatalog:
    """Joint executables by the plans they run, evicted least recently used first.

    A combination is dropped when one of its plans is evicted, so that it never keeps evicted memory alive.
    """

    def __init__(self, plans: PlanCatalog) -> None:
        self._plans = plans
        self._joint: OrderedDict[Key, tuple[Executable, Cost, Cost]] = OrderedDict()
        plans.on_evict.append(self._forget)

    async def get(self, entries: Sequence[Entry], outputs: Sequence[str] = ()) -> tuple[Executable, Cost]:
        """Return the executable of these resident plans together, and its cost; output names start with "<i>/".

        ``outputs``: those requested of the plans, without that prefix.
        """
        key = tuple(entry.digest for entry in entries)
        joint = self._joint.get(key)
        if joint is None:
            executable = await self._plans.load_together(entries)
            joint = executable, Cost(_Together.of(entries, ())), Cost(_Together.of(entries, outputs))
            self._joint[key] = joint
            while len(self._joint) > KEPT:
                self._joint.popitem(last=False)
        else:
            self._joint.move_to_end(key)
        return _chosen(joint, outputs)

    def peek(self, entries: Sequence[Entry], outputs: Sequence[str] = ()) -> tuple[Executable, Cost] | None:
        """Return what :meth:`get` returns, or None if it would have to load it."""
        joint = self._joint.get(tuple(entry.digest for entry in entries))
        return None if joint is None else _chosen(joint, outputs)

    def _forget(self, digest: Digest) -> None:
        for key in [key for key in self._joint if digest in key]:
            del self._joint[key]


def _chosen(joint: tuple[Executable, Cost, Cost], outputs: Sequence[str]) -> tuple[Executable, Cost]:
    """Return the executable, and its cost for these outputs."""
    return joint[0], joint[2] if any_optional(tuple(outputs)) else joint[1]


@dataclass(frozen=True, slots=True)
class _Together:
    """Estimate of several plans in one run: at most the sum of their separate runs."""

    costs: tuple[Cost, ...]

    @classmethod
    def of(cls, entries: Sequence[Entry], outputs: Sequence[str]) -> _Together:
        return cls(tuple(entry.cost_of(outputs) for entry in entries))

    def seconds(self, rows: int, size: int) -> float:
        return sum(cost.expected(size, rows) for cost in self.costs)
