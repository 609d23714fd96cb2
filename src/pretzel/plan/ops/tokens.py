"""Operators of the parts of texts: splitting, choosing, counting and joining them."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.ops.strings import text_of
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TEXT, TOKENS, ValueType, dense

__all__ = ["CountTokens", "JoinTokens", "LongestToken", "PickToken", "SplitText", "SumTokens"]


class SplitText(Node):
    """The parts of each text between separators (``str.split``); a missing text has none."""

    x: Node
    separator: str
    """Empty for runs of white space, which then also surround no empty parts."""
    most: int = -1
    """The most splits, from the left; -1 for all."""

    def infer(self) -> ValueType:
        """Text in, tokens out."""
        text_of(self, self.x)
        return TOKENS


class PickToken(Node):
    """The token at a position of each row; missing (NaN) if there is none."""

    x: Node
    index: int
    """A negative one counts from the last."""

    def infer(self) -> ValueType:
        """Tokens in, text out."""
        _tokens_of(self, self.x)
        return TEXT


class CountTokens(Node):
    """The number of tokens of each row."""

    x: Node

    def infer(self) -> ValueType:
        """Tokens in, one i64 per row out."""
        _tokens_of(self, self.x)
        return dense("i64")


class JoinTokens(Node):
    """The tokens of each row, with a text between each two (``str.join``)."""

    x: Node
    separator: str
    """The text between two tokens."""

    def infer(self) -> ValueType:
        """Tokens in, text out."""
        _tokens_of(self, self.x)
        return TEXT


class LongestToken(Node):
    """The number of characters of the longest token of each row (``max(map(len, tokens))``); 0 of no token."""

    x: Node
    shortest: bool = False
    """Of the shortest instead (``min``)."""

    def infer(self) -> ValueType:
        """Tokens in, one i64 per row out."""
        _tokens_of(self, self.x)
        return dense("i64")


class SumTokens(Node):
    """The sum of a number of each token, added in their order (``sum`` of Python's floats); 0.0 of no token."""

    x: Node
    keys: Parameter
    """``str[n]``: the tokens with a number of their own, distinct."""
    numbers: Parameter
    """``f64[n]``: these numbers."""
    default: float = 0.0
    """The number of every other token."""
    compensated: bool = False
    """Whether the errors of the additions are added at the end, as by ``sum`` since Python 3.12."""

    def infer(self) -> ValueType:
        """Tokens in, one f64 per row out."""
        _tokens_of(self, self.x)
        if self.keys.dtype != "str" or self.numbers.dtype != "f64" or self.numbers.shape != self.keys.shape:
            raise self.fail(
                f"keys, numbers: expected strings and an f64 of each, got {self.keys.dtype}{list(self.keys.shape)} "
                f"and {self.numbers.dtype}{list(self.numbers.shape)}"
            )
        return dense("f64")


def _tokens_of(node: Node, x: Node) -> None:
    if x.type != TOKENS:
        raise node.fail(f"x: expected str[*], got {x.type}")
