"""Steps over texts and tokens."""

from __future__ import annotations

from typing import Any, Self

from pretzel.plan.builder.arrays import floats, strings
from pretzel.plan.builder.steps import Steps
from pretzel.plan.parameter import Parameter

Texts = Parameter | list[str] | tuple[str, ...] | Any


class TextSteps(Steps):
    """Methods of a value that is a text (``str``) or a list of texts (``str[*]``), and tf-idf of counts."""

    __slots__ = ()

    def lowercase(self) -> Self:
        """Return each text in lower case, as by ``str.lower``: str to str."""
        return self.step("lowercase")

    def strip_accents(self, form: str = "unicode") -> Self:
        """Return each text without accents, by the form ``unicode`` or ``ascii`` of scikit-learn: str to str."""
        return self.step("strip_accents", form=form)

    def tokenize(self, pattern: str = r"(?u)\b\w\w+\b") -> Self:
        """Return ``re.findall(pattern, text)``: str to str[*].

        The pattern must be one of the linear ones (:mod:`pretzel.plan.regex`), which compilation checks.
        """
        return self.step("tokenize", pattern=pattern)

    def filter_tokens(self, stop_words: Texts) -> Self:
        """Return the tokens that are not among ``stop_words``, a list of texts: str[*] to str[*]."""
        words = self.argument("filter_tokens", "stop_words", strings, stop_words)
        return self.step("filter_tokens", stop_words=words)

    def word_ngrams(
        self, vocabulary: Texts, low: int = 1, high: int = 1, *, dtype: str = "f64", binary: bool = False
    ) -> Self:
        """Count the n-grams of a vocabulary among the tokens: str[*] to sparse rows of ``dtype``.

        Args:
            vocabulary: the n-gram of each column, words joined by one space; distinct.
            low: fewest words of an n-gram, from 1.
            high: most words of an n-gram.
            dtype: i64, f32 or f64.
            binary: count each n-gram once.
        """
        return self._counts("word_ngrams", "word", vocabulary, low, high, dtype, binary)

    def char_ngrams(
        self, vocabulary: Texts, low: int = 1, high: int = 1, *, dtype: str = "f64", binary: bool = False
    ) -> Self:
        """Count the n-grams of characters of each text: str to sparse rows; arguments as of :meth:`word_ngrams`."""
        return self._counts("char_ngrams", "char", vocabulary, low, high, dtype, binary)

    def char_wb_ngrams(
        self, vocabulary: Texts, low: int = 1, high: int = 1, *, dtype: str = "f64", binary: bool = False
    ) -> Self:
        """Do as :meth:`char_ngrams` within words, padded by a space on both sides (``analyzer="char_wb"``)."""
        return self._counts("char_wb_ngrams", "char_wb", vocabulary, low, high, dtype, binary)

    def hashing(
        self,
        width: int = 1 << 20,
        unit: str = "word",
        low: int = 1,
        high: int = 1,
        *,
        alternate_sign: bool = True,
        dtype: str = "f64",
        binary: bool = False,
    ) -> Self:
        """Count hashed n-grams, as ``HashingVectorizer`` without its norm: sparse rows of ``width`` columns.

        ``unit`` is ``word`` (of tokens), ``char`` or ``char_wb`` (of texts); ``high`` is at most 64.
        """
        fields = {"alternate_sign": alternate_sign, "dtype": dtype, "binary": binary}
        return self.step("hash_ngrams", width=width, unit=unit, low=low, high=high, **fields, called="hashing")

    def hash_features(self, values: Self, width: int, *, alternate_sign: bool = True, dtype: str = "f64") -> Self:
        """Add each of ``values`` to the column of the hash of its name, as ``FeatureHasher``: str[*], f64[*] to sparse.

        Both come from :func:`pretzel.flow.records`.
        """
        return self.step("hash_features", values, width=width, alternate_sign=alternate_sign, dtype=dtype)

    def lookup_features(self, values: Self, vocabulary: Texts, *, dtype: str = "f64") -> Self:
        """Place each of ``values`` in the column of its name, as ``DictVectorizer``: str[*], f64[*] to sparse."""
        names = self.argument("lookup_features", "vocabulary", strings, vocabulary)
        return self.step("lookup_features", values, vocabulary=names, dtype=dtype)

    def tfidf(self, idf: Any = None, *, sublinear: bool = False, norm: str | None = "l2") -> Self:
        """Weigh counts as ``TfidfTransformer``: sparse counts to sparse floats.

        Args:
            idf: one factor per column; None: no factors.
            sublinear: replace each count by ``log(count) + 1`` first.
            norm: divide each row by this norm, l1, l2 or max; None: do not.
        """
        counts = self if self.type.dtype in ("f32", "f64") else self.step("cast", dtype="f64", called="tfidf")
        if sublinear:
            counts = counts.step("elementwise", function="one_plus_log", called="tfidf")
        if idf is not None:
            scale = self.argument("tfidf", "idf", floats, idf, (self.type.columns,))
            counts = counts.step("affine", scale=scale, called="tfidf")
        return counts if norm is None else counts.step("normalize", norm=norm, called="tfidf")

    def _counts(self, called: str, unit: str, vocabulary: Texts, low: int, high: int, dtype: str, binary: bool) -> Self:
        names = self.argument(called, "vocabulary", strings, vocabulary)
        fields = {"vocabulary": names, "unit": unit, "low": low, "high": high, "dtype": dtype, "binary": binary}
        return self.step("count_ngrams", **fields, called=called)
