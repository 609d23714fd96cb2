"""Labels, owners and notes of models and versions: which are valid, and how they are changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pretzel.errors import InputError

MOST_LABELS = 64
"""Labels of one model or version."""
MOST_OWNER = 200
MOST_NOTE = 4096
_MOST_NAME = 63
_MOST_PREFIX = 253

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_PART = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
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


def check_labels(labels: Mapping[str, str]) -> None:
    """Check the keys and values of labels, and their number.

    Raises:
        InputError: they are not as Kubernetes has them.
    """
    if len(labels) > MOST_LABELS:
        raise InputError(f"labels: {len(labels)} were given; at most {MOST_LABELS} are accepted")
    check_keys(labels)
    for key, value in labels.items():
        check_value(value, f"label {key!r}")


def check_keys(keys: Iterable[str]) -> None:
    """Check keys of labels: a name, or `prefix/name` with a DNS name as prefix."""
    for key in keys:
        prefix, slash, name = key.rpartition("/")
        if not _is_name(name):
            raise InputError(
                f"label key {key[:100]!r}: expected 1 to {_MOST_NAME} letters, digits and - _ . of ASCII, the first "
                "and the last a letter or digit; a DNS name and / may stand before"
            )
        if slash and not (len(prefix) <= _MOST_PREFIX and all(map(_PART.fullmatch, prefix.split(".")))):
            raise InputError(
                f"label key {key[:100]!r}: expected a DNS name of at most {_MOST_PREFIX} characters before /: "
                "lower-case letters, digits, - and ."
            )


def check_value(value: str, what: str) -> None:
    """Check the value of a label; it may be empty."""
    if value and not _is_name(value):
        raise InputError(
            f"{what}: value {value[:100]!r}: expected at most {_MOST_NAME} letters, digits and - _ . of ASCII, the "
            "first and the last a letter or digit; longer texts go into the note"
        )


def check_owner(owner: str) -> None:
    """Check an owner: one line of text."""
    _check_text("owner", owner, MOST_OWNER, _CONTROL, "one line without control characters")


def check_note(note: str) -> None:
    """Check a note: lines of text."""
    _check_text("note", note, MOST_NOTE, _CONTROL_BUT_LINES, "text without control characters")


def _is_name(text: str) -> bool:
    return len(text) <= _MOST_NAME and _NAME.fullmatch(text) is not None


def _check_text(what: str, text: str, most: int, refused: re.Pattern[str], expected: str) -> None:
    if len(text) > most:
        raise InputError(f"{what}: {len(text):,} characters; at most {most:,} are accepted; shorten it")
    found = refused.search(text)
    if found or text != text.strip():
        problem = f"has {found[0]!r} at {found.start()}" if found else "begins or ends with white space"
        raise InputError(f"{what} {text[:60]!r}: it {problem}; expected {expected}")
