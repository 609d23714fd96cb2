"""Findings of one import in addition to the graph: answers that may differ, and unsupported steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pretzel.errors import UnsupportedError
from pretzel.importers.step_names import StepNames

if TYPE_CHECKING:
    from pretzel.importers.columns import Columns
    from pretzel.importers.inputs import Inputs
    from pretzel.importers.registry import Methods, Step
    from pretzel.plan.node import Node

Importing = Callable[[Any, "Columns", "Step"], "Methods"]


@dataclass(frozen=True, slots=True)
class Note:
    """A step whose answers may differ from the library's."""

    step: str
    """The path of the step: ``pipeline.features.impute``."""
    kind: str
    """The class of the step, with its module."""
    reason: str
    remedy: str

    def as_map(self) -> dict[str, str]:
        """Return the note as stored in the metadata of a definition."""
        return {"step": self.step, "class": self.kind, "reason": self.reason, "remedy": self.remedy}

    @property
    def key(self) -> tuple[str, ...]:
        """The key shared by the notes of similar members of one estimator."""
        return (_without_numbers(self.step), self.kind, self.reason, self.remedy)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A step that cannot be served."""

    step: str
    """The path of the step: ``pipeline.features.text``."""
    kind: str
    """The class of the step, with its module."""
    option: str
    """The unsupported option of the constructor and its value: ``tokenizer=<function split>``; or ""."""
    reason: str
    remedy: str
    about_input: bool = False
    """True if the input of the step is unsupported rather than the step: other steps may be the cause."""

    def __str__(self) -> str:
        """Return the message of the error that refuses the step."""
        where = f"{self.kind}({self.option})" if self.option else self.kind
        return f"{self.step}: {where} cannot be served: {self.reason}; {self.remedy}"

    def as_map(self) -> dict[str, str]:
        """Return the refusal as a JSON-like map."""
        own = {"step": self.step, "class": self.kind, "option": self.option}
        return own | {"reason": self.reason, "remedy": self.remedy}

    @property
    def key(self) -> tuple[str, ...]:
        """The key shared by the refusals of similar members of one estimator."""
        return (_without_numbers(self.step), self.kind, self.option, self.reason)


@dataclass(frozen=True, slots=True)
class DocumentFunction:
    """A function of one text, which is an option of a vectorizer."""

    function: Callable[[str], Any]
    option: str
    texts: Node
    """The texts that it is given, none of which is missing."""
    step: Step
    lists: bool
    """True if it returns several texts for each."""


@dataclass(slots=True)
class Findings:
    """Findings that all steps of one import share."""

    notes: list[Note] = field(default_factory=list)
    tables: dict[str, Columns] = field(default_factory=dict)
    """The columns that steps return, by path, if they are not one node."""
    names: StepNames = field(default_factory=StepNames)
    """The steps by which nodes were made."""

    def again(self) -> Findings:
        """Return findings for another import of the same model."""
        return Findings()

    def given(self, inputs: Inputs, x: Columns) -> Columns:
        """Return the input columns of a model, by its own attributes ``x``."""
        return x

    def note(self, note: Note) -> None:
        """Record a note, unless the step or a similar member already has the same one."""
        if note.key not in (known.key for known in self.notes):
            self.notes.append(note)

    def clear(self) -> None:
        """Discard all findings before an import restarts."""
        self.notes.clear()
        self.names.clear()

    def run(self, importing: Importing, estimator: Any, x: Columns, step: Step) -> Methods:
        """Return the methods of a step from ``importing``; the first unsupported step raises."""
        return importing(estimator, x, step)

    def refused(self, error: Exception, step: Step, method: str) -> Node:
        """Handle a refusal between two steps: raise it."""
        raise error

    def document(self, function: DocumentFunction, refusal: Refusal) -> Node:
        """Return the result of a function of texts that is not traced: none, raise its refusal."""
        raise refused(refusal)

    def passes(self, error: UnsupportedError) -> bool:
        """Handle the refusal of a part that is not a step; return whether to continue: False."""
        return False


def shown(value: Any) -> str:
    """Return the value of an option for a message, a function by its name."""
    if value is ...:
        return "..."
    name = getattr(value, "__qualname__", None) if callable(value) else None
    return f"{getattr(value, '__module__', None) or 'builtins'}.{name}" if name else f"{value!r:.60}"


def refused(refusal: Refusal) -> UnsupportedError:
    """Return the error for a refusal."""
    error = UnsupportedError(str(refusal))
    error.refusal = refusal
    return error


def class_name(estimator: object) -> str:
    """Return the class of an estimator with its module, as users import it: ``sklearn.pipeline.Pipeline``."""
    kind = type(estimator)
    name: str | None = getattr(kind, "stands_for", None)
    return name or f"{kind.__module__.partition('._')[0]}.{kind.__qualname__}".removeprefix("builtins.")


def _without_numbers(path: str) -> str:
    """Return a path without the numbers of members: ``estimators_[7]`` becomes ``estimators_[]``."""
    return re.sub(r"\[\d+\]", "[]", path)
