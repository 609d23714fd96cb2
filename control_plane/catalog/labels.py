"""Labels, owners and notes of models and versions: which are valid, and how they are changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pretzel.errors import InputError
from pretzel.plan.labels import check_keys, check_labels

MOST_OWNER = 200
MOST_NOTE = 4096

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Marking:
    """A change of labels, owner and note; None leaves a text as it is, an empty one removes it."""

    set: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    owner: str | None = None
    note: str | None = None

    def __bool__(self) -> bool:
        return bool(self.set or self.remove or self.owner is not None or self.note is not None)

    def check(self) -> None:
        """Check every part.

        Raises:
            InputError: a key, a value or a text is malformed or too long, or a key is set and removed.
        """
        check_labels(self.set)
        check_keys(self.remove)
        both = sorted({*self.set} & {*self.remove})
        if both:
            raise InputError(f"label {both[0]!r}: it is both set and removed; do one of them")
        if self.owner is not None:
            check_owner(self.owner)
        if self.note is not None:
            check_note(self.note)


def check_owner(owner: str) -> None:
    """Check an owner: one line of text."""
    _check_text("owner", owner, MOST_OWNER, _CONTROL, "one line without control characters")


def check_note(note: str) -> None:
    """Check a note: lines of text."""
    _check_text("note", note, MOST_NOTE, _CONTROL_BUT_LINES, "text without control characters")


def _check_text(what: str, text: str, most: int, refused: re.Pattern[str], expected: str) -> None:
    if len(text) > most:
        raise InputError(f"{what}: {len(text):,} characters; at most {most:,} are accepted; shorten it")
    found = refused.search(text)
    if found or text != text.strip():
        problem = f"has {found[0]!r} at {found.start()}" if found else "begins or ends with white space"
        raise InputError(f"{what} {text[:60]!r}: it {problem}; expected {expected}")
