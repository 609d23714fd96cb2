"""Check without a server whether an estimator can be served, and report every unsupported step with its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pretzel.errors import DefinitionError, UnsupportedError
from pretzel.importers.collecting import Collecting, refusal_of
from pretzel.importers.export import finished, made_as_known
from pretzel.importers.files import opened
from pretzel.importers.findings import Note, Refusal, class_name
from pretzel.importers.registry import Step
from pretzel.plan.caveats import FIELDS, KEY, LEFT_OUT, caveats
from pretzel.plan.controls import visible
from pretzel.plan.definition import Definition
from pretzel.plan.multioutput import methods_of


@dataclass(frozen=True, slots=True)
class Report:
    """The result of :func:`check`."""

    estimator: str
    """The class that was checked, with its module."""
    refusals: tuple[Refusal, ...] = ()
    """Every step that cannot be served: step, class, option, reason, remedy."""
    notes: tuple[Note, ...] = ()
    """Steps whose answers may differ from the library's, with reason and remedy."""
    methods: tuple[str, ...] = ()
    """The methods that are served, if every step is supported."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Methods of the estimator that are not served although others are: the reason and the remedy."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """The columns that a request must contain, and their types."""

    @property
    def ok(self) -> bool:
        """True if everything can be served."""
        return not self.refusals

    def as_map(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "estimator": self.estimator,
            "ok": self.ok,
            "refusals": [refusal.as_map() for refusal in self.refusals],
            "notes": [note.as_map() for note in self.notes],
            "methods": list(self.methods),
            "left_out": dict(self.left_out),
            "inputs": dict(self.inputs),
        }

    def __str__(self) -> str:
        """Return the report for people."""
        count = len(self.refusals)
        verdict = (
            "can be served"
            if self.ok
            else f"cannot be served: {count} {'step is' if count == 1 else 'steps are'} refused"
        )
        lines = [f"{self.estimator} {verdict}"]
        lines += [f"  refused: {refusal}" for refusal in self.refusals]
        lines += [f"  note: {line}" for line in caveats({KEY: [note.as_map() for note in self.notes]})]
        if self.ok:
            lines.append(f"  methods: {', '.join(self.methods)}")
            lines += [f"  not served: {method}: {reason}" for method, reason in self.left_out.items()]
            lines.append(f"  inputs: {', '.join(f'{name} ({kind})' for name, kind in self.inputs.items())}")
        return visible("\n".join(lines))


def check(estimator: Any, *, sample: Any = None) -> Report:
    """Check whether a fitted estimator can be served; report all unsupported steps, where ``export`` names the first.

    Steps after an unsupported one are checked over an open placeholder for its output; errors that only follow from
    the placeholder are not reported.

    Args:
        estimator: a fitted estimator, a definition, or a path of a model in its library's own format.
        sample: rows as :func:`export` takes them.

    Raises:
        InputError: a file is damaged, or does not match its format.
    """
    if isinstance(estimator, Definition):
        return _served(estimator)
    findings = Collecting()
    step = Step(type(estimator).__name__.lower(), estimator, findings)
    try:
        model = opened(estimator)
        step = Step(type(model).__name__.lower(), model, findings)
        making = made_as_known(model, sample, findings)
        if not findings.refusals:
            return _served(finished(making, sample))
    except (UnsupportedError, DefinitionError) as error:
        refusal = refusal_of(error, step)
        if refusal is None:
            raise
        findings.refusals.append(refusal)
    return Report(class_name(step.estimator), tuple(findings.refusals), tuple(findings.notes))


def _served(definition: Definition) -> Report:
    notes = [Note(*(note[name] for name in FIELDS)) for note in definition.metadata.get(KEY, ())]
    return Report(
        str(definition.metadata.get("estimator", "definition")),
        notes=tuple(notes),
        methods=tuple(methods_of(definition.outputs)),
        left_out=definition.metadata.get(LEFT_OUT, {}),
        inputs={node.column: node.kind for node in definition.inputs},
    )
