"""An import that continues after an unsupported step, so that all of them are reported at once."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pretzel.errors import DefinitionError, UnsupportedError
from pretzel.importers.columns import Columns
from pretzel.importers.findings import Findings, Importing, Refusal, class_name
from pretzel.importers.fitted import is_fitted
from pretzel.importers.inputs import Inputs
from pretzel.importers.placeholders import depends_on_placeholder, open_copy, placeholder, placeholders
from pretzel.importers.registry import IMPORTERS, Methods, Step
from pretzel.plan.node import Node

_CONSEQUENCES = (AttributeError, IndexError, KeyError, TypeError, ValueError, DefinitionError, UnsupportedError)
"""Errors that an importer may raise over a placeholder of the wrong kind."""


@dataclass(slots=True)
class Collecting(Findings):
    """Findings that record each refusal and replace the outputs of refused steps by open placeholders.

    Consequences of an earlier refusal are not reported: a step after a placeholder is refused only for its own class
    or options, not for its input; the same holds for an estimator with a refused part.
    """

    refusals: list[Refusal] = field(default_factory=list)

    def clear(self) -> None:
        """Discard all findings before an import restarts."""
        self.notes.clear()
        self.names.clear()
        self.refusals.clear()

    def run(self, importing: Importing, estimator: Any, x: Columns, step: Step) -> Methods:
        """Return the methods of a step from ``importing``, or placeholders if it is refused."""
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
        """Record a refusal between two steps, unless it follows from a refusal of the step."""
        refusal = refusal_of(error, step)
        if refusal is not None and not any(known.step == step.path for known in self.refusals):
            self._keep(refusal)
        return placeholder(step, method, step.width)

    def passes(self, error: UnsupportedError) -> bool:
        """Record the refusal of a part that is not a step."""
        self._keep(error.refusal)
        return True

    def _own(self, importing: Importing, estimator: Any, x: Columns, step: Step) -> Refusal | None:
        """Return the refusal of a step that is independent of its input, or None."""
        aside = Collecting()
        try:
            importing(estimator, open_copy(x), Step(step.path, estimator, aside, step.width, step.cut, step.inputs))
        except _CONSEQUENCES as error:
            refusal = refusal_of(error, step)
            return None if refusal is None or refusal.about_input else refusal
        return None

    def _explore(self, estimator: Any, x: Columns, step: Step) -> None:
        """Import an estimator of an unknown class as its known base, to find refused parts of it."""
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
    """Return the refusal in an error; None if the error is a bug."""
    refusal: Refusal | None = getattr(error, "refusal", None)
    if refusal is not None:
        return refusal
    if isinstance(error, UnsupportedError):
        reason, _, remedy = str(error).rpartition("; ")
        return Refusal(step.path, class_name(step.estimator), "", reason or remedy, remedy if reason else "")
    if isinstance(error, DefinitionError) and is_fitted(step.estimator):
        remedy = "give it what it was fitted on"
        return Refusal(step.path, class_name(step.estimator), "", str(error), remedy, about_input=True)
    return None


def first_cause(refusals: Iterable[Refusal]) -> Refusal:
    """Return the refusal to report first: one of a step's class or options before one of its input."""
    return min(refusals, key=lambda refusal: refusal.about_input)


def _states(x: Columns) -> list[tuple[Inputs, dict[str, Any]]]:
    """Return a copy of the state of the inputs of these columns."""
    return [(one, {name: copy.copy(value) for name, value in vars(one).items()}) for one in x.inputs]


def _restore(states: Iterable[tuple[Inputs, dict[str, Any]]]) -> None:
    """Restore the state of inputs, so that an unsupported step does not constrain the steps after it."""
    for inputs, state in states:
        mixed = inputs.mixed  # kept, because the caller then restarts with inputs by position
        vars(inputs).update(state)
        inputs.mixed = mixed
