"""Numbers looked up in dictionaries, and written as texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.array_functions import elementwise
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.text_values import Text, constant_text
from pretzel.importers.tracing.values import Value
from pretzel.plan import ops


def digits(x: Value) -> Text:
    """Return the texts of integers."""
    if x.dtype.kind not in "iu" or x.dtype == np.uint64:
        raise TraceEnd(f".astype(str) of {x.dtype} is not traced", "convert integers only: use .astype(int) first")
    return Text.of(ops.FormatInteger(x.node if x.dtype == np.int64 else ops.Cast(x.node, "i64")))


def looked_up(x: Value, pairs: Mapping[Any, Any], otherwise: Any) -> Any:
    """Return for each value the one that a dictionary has for it."""
    if pairs and all(isinstance(new, str) for new in pairs.values()):
        return _texts_of(x, pairs)
    numbers = all(isinstance(part, (int, float, np.number)) for pair in pairs.items() for part in pair)
    if not numbers or not 0 < len(pairs) <= 64:
        raise TraceEnd("this dictionary is not traced", "use up to 64 pairs of numbers")
    result: Any = otherwise
    for key, new in reversed([*pairs.items()]):
        found = elementwise(np.isnan, x) if key != key else elementwise(np.equal, x, key)
        result = operators.chosen(found, new, result)
    return result


def _texts_of(x: Value, pairs: Mapping[Any, str]) -> Text:
    """Return the text that a dictionary has for each number, missing for others."""
    result = constant_text(None, x.node)
    for key, new in reversed([*pairs.items()]):
        found = elementwise(np.equal, x, key)
        result = ops.ChooseText(found.node, constant_text(new, x.node), result)
    return Text.of(result)
