"""References of the operators of the parts of texts, by Python's own lists."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import Value, reference


@reference(ops.SplitText)
def split_text(node: ops.SplitText, x: Value) -> Value:
    """``str.split``."""
    return [text.split(node.separator or None, node.most) if isinstance(text, str) else [] for text in x]


@reference(ops.PickToken)
def pick_token(node: ops.PickToken, x: Value) -> Value:
    """``tokens[index]``, NaN beyond them."""
    at = node.index
    return [tokens[at] if -len(tokens) <= at < len(tokens) else float("nan") for tokens in x]


@reference(ops.CountTokens)
def count_tokens(node: ops.CountTokens, x: Value) -> np.ndarray:
    """``len`` of each list."""
    return np.array(list(map(len, x)), np.int64)


@reference(ops.JoinTokens)
def join_tokens(node: ops.JoinTokens, x: Value) -> Value:
    """``str.join``."""
    return list(map(node.separator.join, x))


@reference(ops.LongestToken)
def longest_token(node: ops.LongestToken, x: Value) -> np.ndarray:
    """``max(map(len, tokens), default=0)``, or ``min``."""
    extreme = min if node.shortest else max
    return np.array([extreme(map(len, tokens), default=0) for tokens in x], np.int64)


@reference(ops.SumTokens)
def sum_tokens(node: ops.SumTokens, x: Value) -> np.ndarray:
    """``sum(numbers.get(token, default) for token in tokens)``."""
    numbers = dict(zip(node.keys.texts, node.numbers.array.tolist(), strict=True))
    add = _compensated if node.compensated else _plain
    with np.errstate(all="ignore"):
        return np.array([add(numbers.get(token, node.default) for token in tokens) for tokens in x], np.float64)


def _plain(values: Iterable[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def _compensated(values: Iterable[float]) -> float:
    """Add as Python 3.12 does, by Neumaier's method."""
    total = error = 0.0
    for value in values:
        larger, smaller = (total, value) if abs(total) >= abs(value) else (value, total)
        total += value
        error += (larger - total) + smaller
    return total + error if error and math.isfinite(error) else total
