"""Format the notes in a model's metadata on where its answers may differ from the library's."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any

from pretzel.errors import AnswersMayDifferWarning

KEY = "may_differ"
"""Metadata of a definition and of a version: a list of maps with ``step``, ``class``, ``reason`` and ``remedy``."""
LEFT_OUT = "left_out"
"""Metadata of a definition and of a version: why methods of the estimator are not served, and what to do instead."""
FIELDS = ("step", "class", "reason", "remedy")


def caveats(metadata: Mapping[str, Any]) -> list[str]:
    """Return a line for each note: step, class, reason and remedy.  Notes in another form are skipped."""
    notes = metadata.get(KEY)
    if not isinstance(notes, (list, tuple)):
        return []
    return [_line(note) for note in notes if isinstance(note, Mapping) and note.keys() >= {*FIELDS}]


def why_not(method: str, metadata: Mapping[str, Any]) -> str:
    """Return the reason a method is not served, as the end of a sentence; empty if none is recorded."""
    reasons = metadata.get(LEFT_OUT)
    reason = reasons.get(method) if isinstance(reasons, Mapping) else None
    return f"; {method} is not served: {reason}" if reason else ""


def warn_of(metadata: Mapping[str, Any], issued: set[str] | None = None) -> None:
    """Raise a warning for each note, at the line of the user's code that called this package.

    Notes in ``issued`` are skipped, and the others are added to it.
    """
    known = set() if issued is None else issued
    for line in caveats(metadata):
        if line in known:
            continue
        known.add(line)
        warnings.warn(line, AnswersMayDifferWarning, stacklevel=_users_level())


def _line(note: Mapping[str, Any]) -> str:
    step, kind, reason, remedy = (note[field] for field in FIELDS)
    return f"{step}: answers of {kind} may differ from the library's: {reason}; {remedy}"


def _users_level() -> int:
    """Return the ``stacklevel`` of the first frame outside this package, counted from the caller."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "pretzel":
        level, frame = level + 1, frame.f_back
    return level
