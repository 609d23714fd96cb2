"""Operators from names of features to sparse rows: hashed to columns, or looked up in a vocabulary."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.ops.text import UNITS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMBERS, TEXT, TOKENS, ValueType, sparse

__all__ = ["HashFeatures", "HashNgrams", "LookupFeatures"]

MAX_UNITS = 64
"""Of an n-gram that is hashed: no vocabulary bounds how many there are."""


class HashNgrams(Node):
    """How often n-grams of each column occur in each row (``sklearn.feature_extraction.text.HashingVectorizer``).

    The n-grams are those of :class:`~pretzel.plan.ops.CountNgrams`.  The column is the magnitude of the signed 32-bit
    MurmurHash3 of an n-gram's UTF-8, modulo ``width``.  With ``alternate_sign`` n-grams of negative hash count against
    the others; a column whose sum is zero is stored all the same, and ``binary`` makes it one too.
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
    """Whether n-grams of negative hash count as minus one."""
    dtype: str = "f64"
    """Type of the counts."""
    binary: bool = False
    """Every stored count becomes one."""
    refuses = True

    def infer(self) -> ValueType:
        """Tokens or text in, sparse counts out."""
        wanted = TOKENS if self.unit == "word" else TEXT
        if self.unit not in UNITS:
            raise self.fail(f"unit: expected one of {', '.join(UNITS)}, got {self.unit!r}")
        if self.x.type != wanted:
            raise self.fail(f"x: expected {wanted} for unit {self.unit}, got {self.x.type}")
        if not 1 <= self.low <= self.high <= MAX_UNITS:
            raise self.fail(f"low, high: expected 1 <= low <= high <= {MAX_UNITS}, got {self.low}, {self.high}")
        if self.width < 1:
            raise self.fail(f"width: expected a column at least, got {self.width}")
        return sparse(self.dtype, self.width)


class HashFeatures(Node):
    """Named values, each added to the column that its name hashes to (``sklearn.feature_extraction.FeatureHasher``).

    Columns and signs are those of :class:`HashNgrams`.  Values of zero are left out.  Each value is rounded to
    ``dtype``, and the sums are taken in ``dtype`` in the order in which SciPy sorts the entries of a row.
    """

    names: Node
    """``str[*]``."""
    values: Node
    """``f64[*]``, as many in each row."""
    width: int
    """Columns of the result, 1 or more (``n_features``)."""
    alternate_sign: bool = True
    """Whether values whose names have a negative hash are negated."""
    dtype: str = "f64"
    """Of the result: f32 or f64."""
    refuses = True
    exact = True

    def infer(self) -> ValueType:
        """Names and values in, sparse rows out."""
        _check_pairs(self, self.names, self.values, self.dtype)
        if self.width < 1:
            raise self.fail(f"width: expected a column at least, got {self.width}")
        return sparse(self.dtype, self.width)


class LookupFeatures(Node):
    """Named values, each in the column that its name has (``sklearn.feature_extraction.DictVectorizer``).

    Names that are not in the vocabulary are left out.  A name that comes twice in a row has two entries, as in the
    library's own sparse matrix; they add up wherever the row is read as a whole.
    """

    names: Node
    """``str[*]``."""
    values: Node
    """``f64[*]``, as many in each row."""
    vocabulary: Parameter
    """``str[width]``: the name of each column; no two equal, none empty."""
    dtype: str = "f64"
    """Of the result: f32 or f64."""
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
