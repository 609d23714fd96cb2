"""Text operators, from case folding to sparse counts, with the Unicode rules of Python's ``str`` and ``re``."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TEXT, TOKENS, ValueType, sparse

__all__ = ["CountNgrams", "FilterTokens", "Lowercase", "StripAccents", "Tokenize"]

UNITS = ("word", "char", "char_wb")


class Lowercase(Node):
    """Each text in lower case, as by Python's ``str.lower`` (including final sigma and one-to-many mappings)."""

    x: Node
    refuses = True

    def infer(self) -> ValueType:
        """Text in, text out."""
        if self.x.type != TEXT:
            raise self.fail(f"x: expected str, got {self.x.type}")
        return TEXT


class StripAccents(Node):
    """Each text without accents, as by ``sklearn.feature_extraction.text.strip_accents_{ascii,unicode}``."""

    x: Node
    form: str
    """``"ascii"`` or ``"unicode"``."""
    refuses = True

    def infer(self) -> ValueType:
        """Text in, text out."""
        if self.x.type != TEXT:
            raise self.fail(f"x: expected str, got {self.x.type}")
        if self.form not in ("ascii", "unicode"):
            raise self.fail(f"form: expected ascii or unicode, got {self.form!r}")
        return TEXT


class Tokenize(Node):
    r"""The tokens of each text, in order: ``re.findall(pattern, text)`` (``CountVectorizer.token_pattern``).

    A plan runs the patterns that :mod:`pretzel.plan.regex` supports, in time linear in the text; others are rejected
    by the importers and when the definition is compiled.
    """

    x: Node
    pattern: str
    """A regular expression of Python's ``re``, with at most 1000 characters."""
    refuses = True

    def infer(self) -> ValueType:
        """Text in, tokens out."""
        if self.x.type != TEXT:
            raise self.fail(f"x: expected str, got {self.x.type}")
        return TOKENS


class FilterTokens(Node):
    """The tokens that are not in ``stop_words``, in order (``CountVectorizer.stop_words``)."""

    x: Node
    stop_words: Parameter
    """``str[n]``."""

    def infer(self) -> ValueType:
        """Tokens in, tokens out."""
        if self.x.type != TOKENS:
            raise self.fail(f"x: expected str[*], got {self.x.type}")
        if self.stop_words.dtype != "str":
            raise self.fail(f"stop_words: expected strings, got {self.stop_words.dtype}")
        return TOKENS


class CountNgrams(Node):
    """Counts of the vocabulary's n-grams in each text (``sklearn.feature_extraction.text.CountVectorizer``).

    ``word`` n-grams join ``low`` to ``high`` consecutive tokens by one space.  ``char`` n-grams cover the whole text
    after runs of two or more white-space characters became one space; ``char_wb`` n-grams cover each
    white-space-separated word padded by a space on both sides, and a word shorter than n counts once, whole.
    The columns of a row are sorted, as in scikit-learn.
    """

    x: Node
    """Tokens for ``word``, text for the other units."""
    vocabulary: Parameter
    """``str[width]``: the n-gram of each column; distinct."""
    unit: str
    """One of word, char, char_wb."""
    low: int
    """The fewest units of an n-gram, 1 or more."""
    high: int
    """The most units of an n-gram, ``low`` or more."""
    dtype: str = "i64"
    """Type of the counts."""
    binary: bool = False
    """Every count above zero becomes one."""
    refuses = True

    def infer(self) -> ValueType:
        """Tokens or text in, sparse counts out."""
        expected = TOKENS if self.unit == "word" else TEXT
        if self.unit not in UNITS:
            raise self.fail(f"unit: expected one of {', '.join(UNITS)}, got {self.unit!r}")
        if self.x.type != expected:
            raise self.fail(f"x: expected {expected} for unit {self.unit}, got {self.x.type}")
        if not 1 <= self.low <= self.high:
            raise self.fail(f"low, high: expected 1 <= low <= high, got {self.low}, {self.high}")
        if self.vocabulary.dtype != "str":
            raise self.fail(f"vocabulary: expected strings, got {self.vocabulary.dtype}")
        return sparse(self.dtype, len(self.vocabulary))
