"""References of the operators of the parts of texts, by Python's own lists."""

from __future__ import annotations

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
