"""Which records of the audit trail are wanted."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false

from pretzel.control_plane.catalog.audit.recording import OK
from pretzel.control_plane.catalog.ranges import near
from pretzel.control_plane.catalog.tables import audit
from pretzel.errors import InputError

ALL = "*"
FAILED = "failed"
"""The outcome that selects all records but those of changes that were made."""
MOST_TEXT = 500
"""Characters of the text of a filter."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that all hold; an empty text or 0 is none."""

    model: str = ""
    """Its name, or the start of names and a star."""
    identity: str = ""
    method: str = ""
    since: float = 0.0
    """Seconds since the epoch."""
    until: float = 0.0
    outcome: str = ""
    """``ok``, ``failed`` or the name of a status."""
    after: int = 0
    """Only records with greater numbers."""

    def check(self) -> None:
        """Check the texts.

        Raises:
            InputError: one is too long, or the outcome is none.
        """
        for what in ("model", "identity", "method", "outcome"):
            text = getattr(self, what)
            if len(text) > MOST_TEXT:
                raise InputError(f"{what}: {len(text):,} characters; at most {MOST_TEXT} are accepted")
        if not self.outcome.replace("_", "").isalpha() and self.outcome:
            raise InputError(f"outcome {self.outcome[:40]!r}: expected ok, failed or a status such as NOT_FOUND")

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return conditions on the table ``audit``; :meth:`matches` decides about the start of a name."""
        if any("\0" in text for text in (self.model, self.identity, self.method)):
            return [false()]  # no record has it, and PostgreSQL takes no text with it
        found = [
            column == wanted
            for column, wanted in ((audit.c.identity, self.identity), (audit.c.method, self.method))
            if wanted
        ]
        if self.model.endswith(ALL):
            found.append(near(self.model.removesuffix(ALL), audit.c.model))
        elif self.model:
            found.append(audit.c.model == self.model)
        found += [audit.c.at >= self.since] if self.since else []
        found += [audit.c.at < self.until] if self.until else []
        found += [audit.c.id > self.after] if self.after else []
        return found + self._of_outcome()

    def _of_outcome(self) -> list[ColumnElement[bool]]:
        if self.outcome.lower() == FAILED:
            return [audit.c.code != OK]
        return [audit.c.code == self.outcome.upper()] if self.outcome else []

    def matches(self, model: str) -> bool:
        """Return whether a model's name starts as the pattern does, if that is one."""
        return not self.model.endswith(ALL) or model.startswith(self.model.removesuffix(ALL))
