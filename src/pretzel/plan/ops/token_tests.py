"""Operators of the single tokens of lists: those that pass tests, a choice of two for each, and distinct ones."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.ops.strings import OF_A_TEXT, OF_CHARACTERS, OF_NUMBERS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TOKENS, ValueType

__all__ = ["ChooseTokens", "KeepTokens", "UniqueTokens"]

MEASURES = ("length", "count", "find")
PROPERTIES = (*OF_A_TEXT, *OF_CHARACTERS, *OF_NUMBERS)
TESTS = (*PROPERTIES, *MEASURES, "member")
MOST_TESTS = 64


class KeepTokens(Node):
    """The tokens of each row that pass at least one test, in order.

    A test is a property of a token as in ``TestText``; or that its ``length``, the ``count`` of a text in it, or the
    place where it is first found (``find``) is at least a number; or that it is a ``member`` of ``words``.
    """

    x: tuple[Node, ...]
    """The tokens; then for each test the tokens that it reads, as many in each row. Those beyond the shortest list of a
    row are left out."""
    tests: tuple[str, ...]
    """Each one of contains, startswith, endswith, equal, isalpha, isdecimal, isdigit, isnumeric, isalnum, isspace,
    islower, isupper, float, int, length, count, find, member."""
    negated: tuple[bool, ...]
    """For each test, whether a token must not pass it instead."""
    texts: tuple[str, ...]
    """For each test, the text to compare with, to count or to find."""
    least: tuple[int, ...]
    """For each test, the least length, count or place."""
    words: Parameter | None = None
    """``str[n]``: the members."""

    def infer(self) -> ValueType:
        """Tokens in, tokens out."""
        return _tested(self, 1)


class ChooseTokens(Node):
    """For each token, the first of two if it passes at least one test as in ``KeepTokens``, else the second."""

    x: tuple[Node, ...]
    """The tokens to choose from, and those to choose otherwise; then for each test the tokens that it reads, as many in
    each row.  Those beyond the shortest list of a row are left out."""
    tests: tuple[str, ...]
    """As in ``KeepTokens``."""
    negated: tuple[bool, ...]
    """As in ``KeepTokens``."""
    texts: tuple[str, ...]
    """As in ``KeepTokens``."""
    least: tuple[int, ...]
    """As in ``KeepTokens``."""
    words: Parameter | None = None
    """As in ``KeepTokens``."""

    def infer(self) -> ValueType:
        """Tokens in, tokens out."""
        return _tested(self, 2)


class UniqueTokens(Node):
    """The distinct tokens of each row, in the order in which they are first (``dict.fromkeys``)."""

    x: Node

    def infer(self) -> ValueType:
        """Tokens in, tokens out."""
        if self.x.type != TOKENS:
            raise self.fail(f"x: expected str[*], got {self.x.type}")
        return TOKENS


def _tested(node: KeepTokens | ChooseTokens, chosen: int) -> ValueType:
    """Check the tests of a node, of which ``chosen`` inputs are not for tests."""
    count = len(node.tests)
    if any(part.type != TOKENS for part in node.x):
        raise node.fail(f"x: expected str[*], got {', '.join(str(part.type) for part in node.x)}")
    if not 1 <= count <= MOST_TESTS or len(node.x) != chosen + count:
        raise node.fail(
            f"x, tests: expected 1 to {MOST_TESTS} tests and {chosen} inputs more, got {count}, {len(node.x)}"
        )
    if any(len(values) != count for values in (node.negated, node.texts, node.least)):
        raise node.fail("negated, texts, least: expected one for each test")
    for test, text in zip(node.tests, node.texts, strict=True):
        if test not in TESTS or (test in ("count", "find") and not text):
            raise node.fail(f"tests: expected one of {', '.join(TESTS)}, and a text to count or find, got {test!r}")
    if ("member" in node.tests) != (node.words is not None):
        raise node.fail("words: expected for a test of members, and for none else")
    if node.words is not None and node.words.dtype != "str":
        raise node.fail(f"words: expected strings, got {node.words.dtype}")
    return TOKENS
