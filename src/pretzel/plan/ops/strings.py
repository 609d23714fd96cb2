"""Operators of single texts, with the rules of Python's ``str``; none rejects a row, and missing texts stay missing.

Those that make a text of a text also take lists of tokens, and make a token of each.
"""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.types import TEXT, TOKENS, ValueType, dense

__all__ = [
    "ChangeCase", "ConcatTexts", "FormatInteger", "MeasureText", "PadText", "ParseNumber", "ReplaceMatches",
    "ReplaceText", "SliceText", "StripText", "SurroundText", "TestText",
]  # fmt: skip

CASES = ("lower", "upper", "casefold", "title", "capitalize")
SIMPLE = ("simple_lower", "simple_upper", "simple_capitalize")
SIDES = ("left", "right", "both")
OF_A_TEXT = ("contains", "startswith", "endswith", "equal")
OF_CHARACTERS = ("isalpha", "isdecimal", "isdigit", "isnumeric", "isalnum", "isspace", "islower", "isupper")
OF_NUMBERS = ("float", "int")
TESTS = (*OF_A_TEXT, *OF_CHARACTERS, *OF_NUMBERS, "missing")
MEASURES = ("length", "count", "find", *OF_CHARACTERS)
END = 2**62
"""The stop of a slice that has none."""


def text_of(node: Node, x: Node) -> ValueType:
    """Return the type of one text per row.

    Raises:
        DefinitionError: x is something else.
    """
    if x.type != TEXT:
        raise node.fail(f"x: expected str, got {x.type}")
    return TEXT


def texts_of(node: Node, x: Node) -> ValueType:
    """Return the type of one text per row, or of tokens.

    Raises:
        DefinitionError: x is something else.
    """
    if x.type not in (TEXT, TOKENS):
        raise node.fail(f"x: expected str or str[*], got {x.type}")
    return x.type


class ChangeCase(Node):
    """Each text in another case: ``str.lower``, ``upper``, ``casefold``, ``title`` or ``capitalize``.

    The simple forms replace each character by one, without regard to those around it, as Arrow does for pandas.
    """

    x: Node
    form: str
    """The name of the method, or simple_lower, simple_upper, simple_capitalize."""

    def infer(self) -> ValueType:
        """Text in, text out; tokens in, tokens out."""
        if self.form not in (*CASES, *SIMPLE):
            raise self.fail(f"form: expected one of {', '.join((*CASES, *SIMPLE))}, got {self.form!r}")
        return texts_of(self, self.x)


class StripText(Node):
    """Each text without the characters at its ends that are in a set (``str.strip``, ``lstrip``, ``rstrip``)."""

    x: Node
    characters: str
    """The set; empty for white space."""
    side: str
    """left, right or both."""

    def infer(self) -> ValueType:
        """Text in, text out; tokens in, tokens out."""
        if self.side not in SIDES:
            raise self.fail(f"side: expected one of {', '.join(SIDES)}, got {self.side!r}")
        return texts_of(self, self.x)


class SliceText(Node):
    """The characters ``text[start:stop]`` of each text; negative positions count from its end."""

    x: Node
    start: int
    """The first character."""
    stop: int
    """The character after the last; ``2**62`` for the end."""

    def infer(self) -> ValueType:
        """Text in, text out; tokens in, tokens out."""
        return texts_of(self, self.x)


class ReplaceText(Node):
    """Each text with every ``old`` in it replaced by ``new``, from left to right (``str.replace``)."""

    x: Node
    old: str
    """Not empty."""
    new: str
    """The replacement."""

    def infer(self) -> ValueType:
        """Text in, text out; tokens in, tokens out."""
        if not self.old:
            raise self.fail("old: expected a text that is not empty")
        return texts_of(self, self.x)


class ReplaceMatches(Node):
    """Each text with every match of a regular expression replaced (``re.sub``), by patterns as in ``Tokenize``."""

    x: Node
    pattern: str
    """A regular expression of Python's ``re`` without groups, which matches no empty text."""
    new: str
    """The replacement of each match, used literally: it has no references to groups."""

    def infer(self) -> ValueType:
        """Text in, text out; tokens in, tokens out."""
        return texts_of(self, self.x)


class PadText(Node):
    """Each text filled up to ``width`` characters.

    On the ``left`` (``str.rjust``), on the ``right`` (``ljust``), on ``both`` sides (``center``), or after a ``sign``
    (``zfill``).
    """

    x: Node
    width: int
    """The least number of characters of the result."""
    fill: str
    """One character."""
    side: str
    """left, right, both or sign."""

    def infer(self) -> ValueType:
        """Text in, text out; tokens in, tokens out."""
        if self.side not in (*SIDES, "sign"):
            raise self.fail(f"side: expected one of {', '.join(SIDES)} or sign, got {self.side!r}")
        if len(self.fill) != 1 or not 0 <= self.width <= 10_000:
            raise self.fail(f"width, fill: expected up to 10000 and one character, got {self.width}, {self.fill!r}")
        return texts_of(self, self.x)


class SurroundText(Node):
    """Each text between two others (``before + text + after``)."""

    x: Node
    before: str
    """The text before each."""
    after: str
    """The text after it."""

    def infer(self) -> ValueType:
        """Text in, text out; tokens in, tokens out."""
        return texts_of(self, self.x)


class TestText(Node):
    """True for each text that has a property; a missing one has only ``missing``.

    ``contains``, ``startswith``, ``endswith`` and ``equal`` compare it with ``text``; ``isalpha`` and its like are the
    methods of ``str`` of that name; ``float`` and ``int`` are whether Python reads such a number from it.
    """

    x: Node
    function: str
    """One of contains, startswith, endswith, equal, isalpha, isdecimal, isdigit, isnumeric, isalnum, isspace, islower,
    isupper, float, int, missing."""
    text: str = ""
    """The text to compare with."""
    __test__ = False  # no class of tests

    def infer(self) -> ValueType:
        """Text in, one bool per row out."""
        if self.function not in TESTS:
            raise self.fail(f"function: expected one of {', '.join(TESTS)}, got {self.function!r}")
        text_of(self, self.x)
        return dense("bool")


class MeasureText(Node):
    """A number of each text, in characters: its ``length``, the ``count`` of another text in it, or where it is found.

    ``count`` does not count overlapping ones, and ``find`` is -1 if there is none, as in ``str``; ``isupper`` and its
    like count the characters with that property.  A missing text has length 0.
    """

    x: Node
    function: str
    """length, count, find, isalpha, isdecimal, isdigit, isnumeric, isalnum, isspace, islower or isupper."""
    text: str = ""
    """The text to count or to find; not empty."""

    def infer(self) -> ValueType:
        """Text in, one i64 per row out."""
        if self.function not in MEASURES or (self.function in ("count", "find") and not self.text):
            raise self.fail(f"function, text: expected one of {', '.join(MEASURES)}, and a text to count or find")
        text_of(self, self.x)
        return dense("i64")


class ParseNumber(Node):
    """The number that each text spells, as Python's ``float`` reads it; NaN for other texts and missing ones.

    ``TestText`` with ``float`` or ``int`` is whether a text spells one.
    """

    x: Node
    exact = True

    def infer(self) -> ValueType:
        """Text in, one f64 per row out."""
        text_of(self, self.x)
        return dense("f64")


class ConcatTexts(Node):
    """The texts of each row joined to one (``a + b``); missing if one of them is, as the first missing one."""

    parts: tuple[Node, ...]
    """One text per row each."""

    def infer(self) -> ValueType:
        """Texts in, text out."""
        if not self.parts or any(part.type != TEXT for part in self.parts):
            raise self.fail(f"parts: expected str, got {', '.join(str(part.type) for part in self.parts)}")
        return TEXT


class FormatInteger(Node):
    """Each integer in decimal digits (``str``)."""

    x: Node
    exact = True

    def infer(self) -> ValueType:
        """One i64 per row in, text out."""
        if self.x.type != dense("i64"):
            raise self.fail(f"x: expected i64, got {self.x.type}")
        return TEXT
