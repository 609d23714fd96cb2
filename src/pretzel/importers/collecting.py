"""An import that goes on behind a step that cannot be served, so that all such steps are found at once."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pretzel.errors import DefinitionError, UnsupportedError
from pretzel.importers.columns import Columns
from pretzel.importers.findings import Findings, Importing, Refusal, class_name
from pretzel.importers.inputs import Inputs
from pretzel.importers.placeholders import depends_on_placeholder, open_copy, placeholder, placeholders
from pretzel.importers.registry import IMPORTERS, Methods, Step, is_fitted
from pretzel.plan.node import Node

_CONSEQUENCES = (AttributeError, IndexError, KeyError, TypeError, ValueError, DefinitionError, UnsupportedError)
"""What an importer may raise over a placeholder that is not of the right kind."""


@dataclass(slots=True)
class Collecting(Findings):
    """Findings that keep each refusal, and put open placeholders in the place of what was refused.

    What follows from an earlier refusal is not reported: a step behind a placeholder is refused for what it is, and
    not for what it is given; an estimator with a refused part likewise.
    """

    refusals: list[Refusal] = field(default_factory=list)

    def clear(self) -> None:
        """Forget what was found, before an import begins again."""
        self.notes.clear()
        self.refusals.clear()

    def run(self, importing: Importing, estimator: Any, x: Columns, step: Step) -> Methods:
        """Return what ``importing`` makes of a step, or placeholders where it is refused."""
        known, before = len(self.refusals), _states(x)
        try:
            return importing(estimator, x, step)
        except _CONSEQUENCES as error:
            follows = len(self.refusals) > known or depends_on_placeholder(x)
            refusal = refusal_of(error, step)
            if refusal is None and not follows:
                raise
            _restore(before)
            if not follows and refusal is not None and refusal.about_input:
                refusal = self._own(importing, estimator, x, step) or refusal
            if refusal is not None and not (follows and refusal.about_input):
                self._keep(refusal)
        if type(estimator) not in IMPORTERS:
            self._explore(estimator, x, step)
        return placeholders(estimator, step)

    def refused(self, error: Exception, step: Step, method: str) -> Node:
        """Keep a refusal that comes between two steps, unless it follows from one of the step."""
        refusal = refusal_of(error, step)
        if refusal is not None and not any(known.step == step.path for known in self.refusals):
            self._keep(refusal)
        return placeholder(step, method, step.width)

    def passes(self, error: UnsupportedError) -> bool:
        """Keep the refusal of a part that has no step of its own."""
        self._keep(error.refusal)
        return True

    def _own(self, importing: Importing, estimator: Any, x: Columns, step: Step) -> Refusal | None:
        """Return why a step is refused whatever it is given, if it is; it then did not come to look at that."""
        aside = Collecting()
        try:
            importing(estimator, open_copy(x), Step(step.path, estimator, aside, step.width, step.cut, step.inputs))
        except _CONSEQUENCES as error:
            found = refusal_of(error, step)
            return None if found is None or found.about_input else found
        return None

    def _explore(self, estimator: Any, x: Columns, step: Step) -> None:
        """Look at the parts of an estimator of a class that is derived from a known one, as of that."""
        base = next((base for base in type(estimator).__mro__ if base in IMPORTERS), None)
        if base is None:
            return
        before = _states(x)
        with suppress(*_CONSEQUENCES):
            IMPORTERS[base](estimator, x, step)
        _restore(before)

    def _keep(self, refusal: Refusal) -> None:
        if refusal.key not in (known.key for known in self.refusals):
            self.refusals.append(refusal)


def refusal_of(error: Exception, step: Step) -> Refusal | None:
    """Return the refusal that an error is; None where it is a fault."""
    told: Refusal | None = getattr(error, "refusal", None)
    if told is not None:
        return told
    if isinstance(error, UnsupportedError):
        reason, _, remedy = str(error).rpartition("; ")
        return Refusal(step.path, class_name(step.estimator), "", reason or remedy, remedy if reason else "")
    if isinstance(error, DefinitionError) and is_fitted(step.estimator):
        remedy = "give it what it was fitted on"
        return Refusal(step.path, class_name(step.estimator), "", str(error), remedy, about_input=True)
    return None


def first_cause(refusals: Iterable[Refusal]) -> Refusal:
    """Return the refusal to name where only one is named: of what a step is, before of what it is given."""
    return min(refusals, key=lambda refusal: refusal.about_input)


def _states(x: Columns) -> list[tuple[Inputs, dict[str, Any]]]:
    """Return what is settled of the inputs of these columns."""
    return [(one, {name: copy.copy(value) for name, value in vars(one).items()}) for one in x.inputs]


def _restore(states: Iterable[tuple[Inputs, dict[str, Any]]]) -> None:
    """Settle inputs as they were, so that steps behind are not measured by one that is not served."""
    for inputs, state in states:
        mixed = inputs.mixed  # whoever made the inputs makes them anew then, by position
        vars(inputs).update(state)
        inputs.mixed = mixed
