"""Write labels of any type as texts that are equal exactly if the labels are equal as dictionary keys in Python."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from numbers import Complex, Integral, Real
from typing import Any

import numpy as np

UNKNOWN = "?"
"""The text of every label that equals neither a text nor a number of at most ``LONGEST`` digits."""
LONGEST = 1000


def spell(label: Any) -> str:
    """Return a label as a text: 1, 1.0 and True are ``1``, 0.5 is ``0.5``, and the text "1" is ``'1``.

    Raises:
        TypeError: it is not hashable, such as a list.
    """
    if isinstance(label, str):
        return f"'{label}"
    if isinstance(label, (Integral, np.bool_)):
        return _spell_whole(int(label))
    hash(label)  # raises for a signaling NaN of Decimal, on which comparisons fail
    if isinstance(label, Decimal) and label.is_finite() and label and abs(label.adjusted()) >= LONGEST:
        return UNKNOWN
    if isinstance(label, (Real, Decimal)) and label == label:
        return _spell_real(label)
    if isinstance(label, Complex) and label == label.real:
        return spell(label.real)
    return UNKNOWN


def _spell_whole(label: int) -> str:
    return str(label) if abs(label) < 10**LONGEST else UNKNOWN


def _spell_real(label: Any) -> str:
    """Return a number by its value, independent of its type."""
    try:
        exact = Fraction(*label.as_integer_ratio())
    except OverflowError:
        return str(float(label))  # an infinity
    if exact.denominator == 1:
        return _spell_whole(exact.numerator)
    try:
        return repr(float(exact)) if float(exact) == exact else str(exact)
    except OverflowError:
        return str(exact)
