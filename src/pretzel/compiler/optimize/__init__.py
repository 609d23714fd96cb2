"""The Oven: rewrite a definition to return the same values, within the stated tolerance, for less work."""

from __future__ import annotations

from collections.abc import Collection

from pretzel.compiler.legality import DEFINITION
from pretzel.compiler.optimize.budget import Budget
from pretzel.compiler.optimize.driver import RuleError, run
from pretzel.compiler.optimize.optional import join, split
from pretzel.compiler.optimize.rules import ORDER, RULES
from pretzel.compiler.optimize.trace import Trace
from pretzel.engine.mechanisms import checked
from pretzel.plan.definition import Definition

__all__ = ["OPTIMIZER", "ORDER", "RULES", "RuleError", "Trace", "optimize", "run"]

OPTIMIZER = "optimizer"
"""The name of all rules together, where rules are named that are not applied."""


def optimize(definition: Definition, *, trace: Trace | None = None, without: Collection[str] = ()) -> Definition:
    """Return a definition with the same inputs, outputs and values, rewritten by every rule until none fires.

    Optional outputs are rewritten separately, so that a definition with them computes the others as one without them
    does.

    The work is bounded: a definition that needs more than :data:`~pretzel.compiler.optimize.budget.BUDGET`
    is returned partly rewritten.

    Args:
        definition: any legal definition.
        trace: records each step; None costs nothing.
        without: names of rules that are not applied, or ``optimizer`` for all.

    Raises:
        InputError: a rule is not known.
        DefinitionError: the definition exceeds a limit.
    """
    DEFINITION.check(definition)
    off = checked(without, (OPTIMIZER, *ORDER))
    rules = () if OPTIMIZER in off else tuple(rule for rule in RULES if rule.name not in off)
    parts, budget = split(definition), Budget()
    if len(parts) == 1:
        return run(definition, rules, trace=trace, budget=budget)
    return join(definition, [run(part, rules, trace=trace, budget=budget) for part in parts])
