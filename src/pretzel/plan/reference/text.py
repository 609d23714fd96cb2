"""References of the text operators, by Python's own ``str``, ``re`` and ``unicodedata``."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import Value, reference
from pretzel.plan.values import Csr


@reference(ops.Lowercase)
def lowercase(node: ops.Lowercase, x: Value) -> Value:
    """``str.lower`` of each text."""
    return [text.lower() for text in _documents(x)]


@reference(ops.StripAccents)
def strip_accents(node: ops.StripAccents, x: Value) -> Value:
    """Decompose, then drop combining marks, or all non-ASCII characters."""
    return [_plain(text) if node.form == "ascii" else _base(text) for text in _documents(x)]


@reference(ops.Tokenize)
def tokenize(node: ops.Tokenize, x: Value) -> Value:
    """``re.findall`` of each text."""
    return [re.findall(node.pattern, text) for text in _documents(x)]


@reference(ops.FilterTokens)
def filter_tokens(node: ops.FilterTokens, x: Value) -> Value:
    """Drop the stop words."""
    stop_words = set(node.stop_words.texts)
    return [[token for token in tokens if token not in stop_words] for tokens in x]


@reference(ops.CountNgrams)
def count_ngrams(node: ops.CountNgrams, x: Value) -> Value:
    """Look up and count the n-grams of each row, sorted by column."""
    index = {term: i for i, term in enumerate(node.vocabulary.texts)}
    rows = []
    for grams in ngrams(x, node.unit, node.low, node.high):
        counts = Counter(index[gram] for gram in grams if gram in index)
        rows.append([(i, 1 if node.binary else counts[i]) for i in sorted(counts)])
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    columns = np.array([i for row in rows for i, _ in row], np.int32)
    return Csr(np.array([n for row in rows for _, n in row], node.type.numpy), columns, starts, len(index))


def ngrams(x: Value, unit: str, low: int, high: int) -> Iterator[Iterator[str]]:
    """Return the n-grams of each row, in the library's order."""
    cut = {"word": _word_ngrams, "char": _char_ngrams, "char_wb": _padded_ngrams}[unit]
    return (cut(row, low, high) for row in (x if unit == "word" else _documents(x)))


def _documents(texts: Value) -> Iterator[str]:
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            what = "None" if text is None else "np.nan"
            raise InputError(f"row {row}: {what} is an invalid document, expected byte or unicode string.")
        yield text


def _base(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _word_ngrams(tokens: Sequence[str], low: int, high: int) -> Iterator[str]:
    for n in range(low, min(high, len(tokens)) + 1):
        for i in range(len(tokens) - n + 1):
            yield " ".join(tokens[i : i + n])


def _char_ngrams(text: str, low: int, high: int) -> Iterator[str]:
    return _ngrams(re.sub(r"\s\s+", " ", text), low, high)


def _padded_ngrams(text: str, low: int, high: int) -> Iterator[str]:
    for word in text.split():
        padded = f" {word} "
        if len(padded) < low:
            yield padded
        yield from _ngrams(padded, low, high)


def _ngrams(text: str, low: int, high: int) -> Iterator[str]:
    for n in range(low, min(high, len(text)) + 1):
        for i in range(len(text) - n + 1):
            yield text[i : i + n]
