"""A plan as a serving process knows it, resident or not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Self

from pretzel.data_plane.cache.proof import Proof
from pretzel.data_plane.residency.ledger import Holding, Ledger, choice_bytes
from pretzel.data_plane.scheduling.cost import Cost
from pretzel.engine import Executable
from pretzel.engine.estimates import Estimate, estimate
from pretzel.plan.digest import Digest
from pretzel.plan.multioutput import is_optional
from pretzel.plan.plan import Plan


class Loaded(NamedTuple):
    """A plan that was loaded, and what follows from its stages: both take time in proportion to them."""

    executable: Executable
    proof: Proof
    holding: Holding
    usual: Estimate
    optional: Estimate
    """Of requests for all outputs, also the optional ones."""

    @classmethod
    def of(cls, digest: Digest, plan: Plan, executable: Executable, proof: Proof) -> Self:
        """Return a loaded plan with its size and the estimated cost of requests.  For the thread that loads."""
        usual = optional = estimate(plan, executable.usual)
        if len(executable.usual) < len(executable.outputs):
            optional = estimate(plan, tuple(executable.outputs))
        return cls(executable, proof, Holding.of(digest, plan, executable), usual, optional)


class Entry:
    """A plan, resident or not; a route holds its entry, so that a repeated look-up costs nothing."""

    __slots__ = (
        *("__weakref__", "_optional_cost", "_usual_cost", "digest", "executable", "holding", "ledger"),
        *("load_seconds", "prepared", "proof", "tables", "used"),
    )

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        self.holding: Holding | None = None
        """The memory of the plan; None while it is not resident."""
        self.ledger: Ledger | None = None
        """Where its memory is counted."""
        self.executable: Executable | None = None
        """None if the plan is not resident; a caller that holds it may finish with it after an eviction."""
        self.proof: Proof | None = None
        """Of the bytes that the executable reads."""
        self._usual_cost, self._optional_cost = Cost(), Cost()
        self.tables: dict[str, Any] = {}
        """Label tables by output, in their wire form."""
        self.prepared: dict[bytes, Any] = {}
        """Programs that the transport prepared, by the outputs they are for, as bytes of a request."""
        self.used = 0.0
        """Time of the last request."""
        self.load_seconds = math.inf
        """Shortest time that a load took."""

    def release(self) -> None:
        """Release everything that holds memory of the plan."""
        self.executable = self.holding = self.proof = None
        self.tables, self.prepared = {}, {}

    def grow(self) -> None:
        """Count the programs for further choices of outputs."""
        if self.ledger and self.holding and self.executable:
            self.ledger.grow(self.holding, choice_bytes(self.executable, len(self.prepared)))

    def take(self, loaded: Loaded, ledger: Ledger) -> Holding:
        """Become resident, and return what is to be counted in the ledger."""
        self.holding, self.ledger = loaded.holding, ledger
        self._usual_cost.prior, self._optional_cost.prior = loaded.usual, loaded.optional
        self.executable, self.proof = loaded.executable, loaded.proof
        return loaded.holding

    def weigh(self, weight: float) -> None:
        """Set the share of the threads that requests of this plan get against others that wait."""
        self._usual_cost.weight = self._optional_cost.weight = weight

    def cost_of(self, outputs: Sequence[str] | None) -> Cost:
        """Return the cost of requests for these outputs: an optional one may take a hundred times as long."""
        return self._optional_cost if outputs and any_optional(tuple(outputs)) else self._usual_cost


@lru_cache(maxsize=256)
def any_optional(outputs: tuple[str, ...]) -> bool:
    """Return whether some of these outputs are optional."""
    return any(map(is_optional, outputs))
