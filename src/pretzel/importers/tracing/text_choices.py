"""``numpy.where`` and ``numpy.select`` of texts, which give a series; importing this module has them traced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.importers.tracing.arrays import SymbolicArray, unwrapped
from pretzel.importers.tracing.series import SymbolicSeries
from pretzel.importers.tracing.text_series import text_part
from pretzel.importers.tracing.text_values import Text, chosen_text
from pretzel.importers.tracing.values import Value

_of_numbers = {function: SymbolicArray.functions[function] for function in (np.where, np.select)}


def where(condition: Any, *choices: Any) -> Any:
    """``numpy.where``: texts give a series, others an array."""
    test = condition.as_value() if hasattr(condition, "as_value") else unwrapped(condition)
    if len(choices) != 2 or not isinstance(test, Value) or not any(map(_is_textual, choices)):
        return _of_numbers[np.where](condition, *choices)
    return SymbolicSeries(chosen_text(test, *map(text_part, choices)))


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    """``numpy.select``: texts give a series."""
    if not any(map(_is_textual, choices)):
        return _of_numbers[np.select](conditions, choices, default)
    result = default
    for condition, choice in reversed([*zip(conditions, choices, strict=True)]):
        result = where(condition, choice, result)
    return result


def _is_textual(x: Any) -> bool:
    """Return whether this is a text, or a series of texts."""
    return isinstance(x, str) or isinstance(getattr(x, "part", None), Text)


SymbolicArray.functions |= {np.where: where, np.select: select}
