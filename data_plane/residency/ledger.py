"""Counts the bytes of resident plans; shared objects count once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pretzel.plan.digest import Digest
from pretzel.plan.plan import Plan

OVERHEAD = 8 << 10
"""Least bytes of the Python objects of a resident plan, without its parameters."""


class Ledger:
    """Bytes held by plans."""

    def __init__(self) -> None:
        self._holders: Counter[Digest] = Counter()
        self.bytes = 0

    def add(self, address: Digest, plan: Plan) -> None:
        """Add a plan."""
        self.bytes += own_bytes(address)
        for digest in plan.objects:
            self._holders[digest] += 1
            if self._holders[digest] == 1:
                self.bytes += digest.size

    def remove(self, address: Digest, plan: Plan) -> None:
        """Remove a plan."""
        self.bytes -= own_bytes(address)
        for digest in plan.objects:
            self._holders[digest] -= 1
            if not self._holders[digest]:
                del self._holders[digest]
                self.bytes -= digest.size


def own_bytes(address: Digest) -> int:
    """Return the unshared bytes of a plan: its inline parameters, stages and kernels."""
    return OVERHEAD + 2 * address.size


def total_bytes(plans: Mapping[Digest, Plan]) -> int:
    """Return the bytes of plans together."""
    ledger = Ledger()
    for address, plan in plans.items():
        ledger.add(address, plan)
    return ledger.bytes
