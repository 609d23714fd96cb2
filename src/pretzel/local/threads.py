"""The threads of a predictor: those of its constructor, or of the environment."""

from __future__ import annotations

import os

from pretzel.engine import Helpers, shared_helpers
from pretzel.errors import InputError

VARIABLE = "PRETZEL_THREADS"


def helpers_of(threads: int | None) -> Helpers | None:
    """Return the helpers for so many threads; None for the number in :data:`VARIABLE`, or one.

    Raises:
        InputError: the number is not a whole one, or out of range.
    """
    if threads is not None:
        return shared_helpers(threads)
    text = os.environ.get(VARIABLE, "").strip() or "1"
    if not text.isdecimal():
        raise InputError(f"{VARIABLE}: expected a number of threads, got {text[:40]!r}")
    return shared_helpers(int(text))
