"""Rows of named values read directly from Python objects, in one pass."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

class BadRow(ValueError):
    """A row is invalid for the reason ``closer`` or Python gave; ``row`` is its position."""

    row: int
    def __init__(self, row: int, why: object) -> None: ...

def read_records(
    rows: list[Any], separator: str, pairs: bool, loose: bool, closer: Callable[[Any, Any], Iterable[tuple[str, float]]]
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray] | None:
    """Return names, values and the start of each row; None if a row is not a ``dict`` (``list`` with ``pairs``).

    The common cases are read here: names that are ``str``, values that are float, int, bool or str, and with ``loose``
    None, which becomes NaN.  A text value is appended to the name, after the separator, and counts one.  Any other
    name or value goes to ``closer``, which returns its named values, or raises.

    Raises:
        BadRow: ``closer`` raised a ``TypeError`` or a ``ValueError``, an item is not a pair, or an integer is too large
        for a float.
    """
