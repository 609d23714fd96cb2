"""Rows of named values read where they lie in Python, in one pass."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

class BadRow(ValueError):
    """What is wrong with a row, as ``closer`` or Python said; ``row`` says with which."""

    row: int
    def __init__(self, row: int, why: object) -> None: ...

def read_records(
    rows: list[Any], separator: str, pairs: bool, loose: bool, closer: Callable[[Any, Any], Iterable[tuple[str, float]]]
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray] | None:
    """Return names, values and where rows begin; None where a row is no ``dict``, or with ``pairs`` no ``list``.

    What most are is read here: names that are ``str``, values that are float, int, bool or str, and with ``loose``
    None, which is NaN.  A value that is a text makes the name longer, after the separator, and counts one.  Any other
    name or value is given to ``closer``, which returns the named values that it stands for, or raises.

    Raises:
        BadRow: ``closer`` raised a ``TypeError`` or a ``ValueError``, a pair is none, or an integer is too large for a
            float.
    """
