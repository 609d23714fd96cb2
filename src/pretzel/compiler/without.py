"""Compile and load without some mechanisms and rules, to measure what each brings; answers stay the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pretzel import engine
from pretzel.compiler.compile import Compiled, compile_plan
from pretzel.compiler.optimize import OPTIMIZER, ORDER, Trace, optimize
from pretzel.engine import Executable
from pretzel.engine.mechanisms import DERIVED, MECHANISMS, checked
from pretzel.plan.definition import Definition

SWITCHES = (OPTIMIZER, *MECHANISMS, *ORDER)
"""What may be left out: the optimizer, mechanisms of the engine, and single rules of the optimizer."""


@dataclass(frozen=True)
class Without:
    """The rules and the mechanisms that are left out."""

    rules: frozenset[str] = frozenset()
    mechanisms: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> Without:
        """Return the choice of these names.

        Raises:
            InputError: one is not known.
        """
        off = checked(names, SWITCHES)
        return cls(off - MECHANISMS.keys(), off & MECHANISMS.keys())

    def optimized(self, definition: Definition, trace: Trace | None = None) -> Definition:
        """Optimize by the other rules.

        Raises:
            DefinitionError: as :func:`optimize`.
        """
        return optimize(definition, trace=trace, without=self.rules)

    def compiled(self, optimized: Definition) -> Compiled:
        """Compile a definition that is optimized.

        Raises:
            DefinitionError: no kernel computes a node, as when a rule is left out that would have removed it.
        """
        return compile_plan(optimized, kept=DERIVED not in self.mechanisms)

    def loaded(self, compiled: Compiled, optimized: Definition) -> Executable:
        """Load what :meth:`compiled` returned for the same definition."""
        original = optimized.parameters.keys() if DERIVED in self.mechanisms else ()
        return engine.load(compiled.plan, compiled.blobs.__getitem__, without=self.mechanisms, original=original)


NOTHING = Without()
"""Leaves nothing out."""
