"""What one import finds out besides the graph: where answers may differ, and what cannot be served."""

from __future__ import annotations

from dataclasses import dataclass, field


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
        """Return the note as the metadata of a definition hold it."""
        return {"step": self.step, "class": self.kind, "reason": self.reason, "remedy": self.remedy}


@dataclass(slots=True)
class Findings:
    """What the steps of one import found; all of them share one."""

    notes: list[Note] = field(default_factory=list)

    def note(self, note: Note) -> None:
        """Keep a note, unless it is known already."""
        if note not in self.notes:
            self.notes.append(note)


def class_name(estimator: object) -> str:
    """Return the class of an estimator with its module, as users import it: ``sklearn.pipeline.Pipeline``."""
    kind = type(estimator)
    told: str | None = getattr(kind, "stands_for", None)
    return told or f"{kind.__module__.partition('._')[0]}.{kind.__qualname__}"
