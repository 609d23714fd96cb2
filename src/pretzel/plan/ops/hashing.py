"""Operators from feature names to sparse rows, by hashing or by a vocabulary."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.ops.text import UNITS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMBERS, TEXT, TOKENS, ValueType, sparse

__all__ = ["HashFeatures", "HashNgrams", "LookupFeatures"]

MAX_UNITS = 64
"""Most units of a hashed n-gram: no vocabulary bounds the number of n-grams."""


class HashNgrams(Node):
    """Counts of hashed n-grams in each text (``sklearn.feature_extraction.text.HashingVectorizer``).

    The n-grams are those of :class:`~pretzel.plan.ops.CountNgrams`.  The column is the magnitude of the signed 32-bit
    MurmurHash3 of an n-gram's UTF-8, modulo ``width``.  With ``alternate_sign`` n-grams with a negative hash count as
    -1; a column whose sum is zero is stored too, and ``binary`` makes it one.
    """

    x: Node
    """Tokens for ``word``, text for the other units."""
    width: int
    """Columns of the result, 1 or more (``n_features``)."""
    unit: str
    """One of word, char, char_wb."""
    low: int
    """The fewest units of an n-gram, 1 or more."""
    high: int
    """The most units of an n-gram, low..64."""
    alternate_sign: bool = True
    """If true, n-grams with a negative hash count as -1."""
    dtype: str = "f64"
    """Type of the counts."""
    binary: bool = False
    """Every stored count becomes one."""
    refuses = True

    def infer(self) -> ValueType:
        """Tokens or text in, sparse counts out."""
        expected = TOKENS if self.unit == "word" else TEXT
        if self.unit not in UNITS:
            raise self.fail(f"unit: expected one of {', '.join(UNITS)}, got {self.unit!r}")
        if self.x.type != expected:
            raise self.fail(f"x: expected {expected} for unit {self.unit}, got {self.x.type}")
        if not 1 <= self.low <= self.high <= MAX_UNITS:
            raise self.fail(f"low, high: expected 1 <= low <= high <= {MAX_UNITS}, got {self.low}, {self.high}")
        if self.width < 1:
            raise self.fail(f"width: expected at least one column, got {self.width}")
        return sparse(self.dtype, self.width)


class HashFeatures(Node):
    """Named values, each added to the column of its name's hash (``sklearn.feature_extraction.FeatureHasher``).

    Columns and signs are those of :class:`HashNgrams`.  Zero values are left out.  Values are rounded to ``dtype``, and
    added in ``dtype`` in the order in which SciPy sorts the entries of a row.
    """

    names: Node
    """``str[*]``."""
    values: Node
    """``f64[*]``, as many per row as ``names``."""
    width: int
    """Columns of the result, 1 or more (``n_features``)."""
    alternate_sign: bool = True
    """If true, values whose names have a negative hash are negated."""
    dtype: str = "f64"
    """Type of the result: f32 or f64."""
    refuses = True
    exact = True

    def infer(self) -> ValueType:
        """Names and values in, sparse rows out."""
        _check_pairs(self, self.names, self.values, self.dtype)
        if self.width < 1:
            raise self.fail(f"width: expected at least one column, got {self.width}")
        return sparse(self.dtype, self.width)


class LookupFeatures(Node):
    """Named values, each in the column of its name (``sklearn.feature_extraction.DictVectorizer``).

    Names outside the vocabulary are left out.  A name that occurs twice in a row has two entries, as in the library's
    own sparse matrix; their sum counts.
    """

    names: Node
    """``str[*]``."""
    values: Node
    """``f64[*]``, as many per row as ``names``."""
    vocabulary: Parameter
    """``str[width]``: the name of each column; no two equal, none empty."""
    dtype: str = "f64"
    """Type of the result: f32 or f64."""
    refuses = True

    def infer(self) -> ValueType:
        """Names and values in, sparse rows out."""
        _check_pairs(self, self.names, self.values, self.dtype)
        if self.vocabulary.dtype != "str":
            raise self.fail(f"vocabulary: expected strings, got {self.vocabulary.dtype}")
        return sparse(self.dtype, len(self.vocabulary))


def _check_pairs(node: Node, names: Node, values: Node, dtype: str) -> None:
    if names.type != TOKENS or values.type != NUMBERS:
        raise node.fail(f"names, values: expected {TOKENS} and {NUMBERS}, got {names.type} and {values.type}")
    if dtype not in ("f32", "f64"):
        raise node.fail(f"dtype: expected f32 or f64, got {dtype}")
