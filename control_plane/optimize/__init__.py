"""The Oven: rewrites a definition into one that gives the same values, within the stated tolerance, for less work."""

from __future__ import annotations

from pretzel.control_plane.optimize.driver import RuleError, run
from pretzel.control_plane.optimize.rules import RULES
from pretzel.control_plane.optimize.trace import Trace
from pretzel.plan.definition import Definition

__all__ = ["RULES", "RuleError", "Trace", "optimize"]


def optimize(definition: Definition, *, trace: Trace | None = None) -> Definition:
    """Return a definition with the same inputs, outputs and values, rewritten by every rule until none fires.

    Args:
        definition: any legal definition.
        trace: takes a note of each step; None costs nothing.
    """
    return run(definition, RULES, trace=trace)
