"""Text operators that converters write for scikit-learn's vectorizers: lowercase, tokenize, count."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.values import Rows
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.regex.pattern import class_run
from pretzel.plan.types import TOKENS

SPARE = 1000
"""Limit on count columns without an n-gram, in addition to as many as have one."""


@converts("", "StringNormalizer")
def string_normalizer(site: Site) -> Rows:
    """Change the case of texts."""
    x, action = site.texts(0), site.text("case_change_action", "NONE")
    site.without_effect("is_case_sensitive")  # affects only stop words, of which there are none
    locale = site.text("locale", "en_US")
    if action != "NONE" and not re.match(r"en|C\.", locale):
        raise site.refuse(f"its locale is {locale[:40]!r}, which may map other characters", "use en_US or C.UTF-8")
    if site.attribute("stopwords"):
        raise site.refuse("it removes rows that are stop words", "remove stop words after tokenizing")
    if action == "UPPER":
        raise site.refuse("it converts to upper case", "lower case is supported")
    if action == "NONE":
        return x
    if x.node.type == TOKENS or x.node.type.columns != 1:
        raise site.refuse("it is given several texts per row", "give it one text per row")
    return x.of(ops.Lowercase(x.single))


@converts("com.microsoft", "Tokenizer")
def tokenizer(site: Site) -> Rows:
    """Split each text into the matches of a pattern, or at separators."""
    x = site.texts(0)
    mark, shortest = site.integer("mark", 0), site.integer("mincharnum", 1)
    site.without_effect("pad_value")  # pads rows to the longest, and is not in any vocabulary
    pattern, separators = site.attribute("tokenexp"), site.attribute("separators")
    if mark:
        raise site.refuse("it marks the beginning and the end of texts", "set mark to 0")
    if x.node.type.columns != 1 or x.node.type == TOKENS:
        raise site.refuse("it is given several texts per row", "give it one text per row")
    if (pattern is None) == (separators is None):
        raise ValueError("expected either tokenexp or separators")
    tokens = _ascii(site, str(pattern)) if pattern is not None else _between(site, [str(item) for item in separators])
    return Rows(ops.Tokenize(x.single, _at_least(site, tokens, shortest)), (1,))


def _ascii(site: Site, pattern: str) -> str:
    r"""Return a pattern whose ``\w`` and ``\d`` are ASCII's, as they are for ONNX Runtime."""
    if "\\s" in pattern.lower():
        raise site.refuse(
            r"its pattern holds \s, which differs between libraries by a character", "list the characters"
        )
    return f"(?a){pattern}" if "\\" in pattern else pattern


def _between(site: Site, separators: list[str]) -> str:
    """Return the pattern that matches text between single-character separators."""
    if separators == [""]:
        raise site.refuse("it splits texts into characters", "use a word analyzer")
    if not separators or any(len(item) != 1 for item in separators):
        raise site.refuse("its separators are patterns", "name single characters, or a tokenexp")
    return f"[^{''.join(map(re.escape, separators))}]+"


def _at_least(site: Site, pattern: str, shortest: int) -> str:
    """Return a pattern that skips tokens below a length: one class of characters, repeated."""
    try:
        run = class_run(pattern)
    except ValueError as error:
        raise site.refuse(f"its pattern is not supported: {error}", "use one class of characters, as [a-z]+") from None
    if shortest <= run.low:
        return pattern
    if not pattern.endswith("+") or run.low != 1:
        raise site.refuse(f"mincharnum is {shortest} for the pattern {pattern[:80]!r}", "put the length in the pattern")
    return f"{pattern[:-1]}{{{shortest},}}"


@converts("", "TfIdfVectorizer")
def count_terms(site: Site) -> Rows:
    """Count the n-grams of a vocabulary, optionally weighted."""
    x, mode = site.rows(0), site.text("mode", "")
    low, high = site.integer("min_gram_length", 1), site.integer("max_gram_length", 1)
    if site.integer("max_skip_count", 0):
        raise site.refuse("its n-grams skip words", "count n-grams of neighbours")
    if x.node.type != TOKENS:
        raise site.refuse("it is given a matrix of words", "give it the output of a Tokenizer")
    if mode not in ("TF", "IDF", "TFIDF"):
        raise ValueError(f"mode {mode[:40]!r}")
    grams, columns = _vocabulary(site, low, high)
    weights = site.floats("weights")
    width = int(columns.max()) + 1
    counts = _counts(site, x.node, grams, columns, (low, high), mode == "IDF", width)
    if weights is None or mode == "TF":
        return Rows(counts, (width,))
    by_column = np.zeros(width, np.float32)
    by_column[columns] = weights[: len(columns)] if len(weights) == len(columns) else weights[columns]
    return Rows(ops.Affine(counts, Parameter.of(by_column)), (width,))


def _counts(
    site: Site, tokens: Node, grams: list[str], columns: np.ndarray, lengths: tuple[int, int], binary: bool, width: int
) -> Node:
    names = [f"\x00{i}" for i in range(width)]  # of columns without an n-gram: no token holds two of these
    for gram, column in zip(grams, columns.tolist(), strict=True):
        names[column] = gram
    if len(set(names)) < width:
        raise site.refuse("two columns count one n-gram", "count it once")
    return ops.CountNgrams(tokens, Parameter.strings(names), "word", *lengths, dtype="f32", binary=binary)


def _vocabulary(site: Site, low: int, high: int) -> tuple[list[str], np.ndarray]:
    """Return the n-grams of the counted lengths, words joined by spaces, and their columns."""
    words = site.attribute("pool_strings")
    starts, columns = site.integers("ngram_counts"), site.integers("ngram_indexes")
    if words is None or site.attribute("pool_int64s") is not None:
        raise site.refuse("its vocabulary holds numbers", "use a vocabulary of words")
    if starts is None or columns is None:
        raise ValueError("it has no ngram_counts or no ngram_indexes")
    bounds = [*starts.tolist(), len(words)]
    grams: list[tuple[int, str]] = []
    for size, (start, end) in enumerate(pairwise(bounds), 1):
        if start > end or (end - start) % size:
            raise ValueError(f"{end - start} words do not make n-grams of {size}")
        grams += [(size, " ".join(map(str, words[i : i + size]))) for i in range(start, end, size)]
    if len(grams) != len(columns) or len(set(columns.tolist())) < len(columns) or columns.min() < 0:
        raise site.refuse(f"{len(grams)} n-grams share {len(set(columns.tolist()))} columns", "give each a column")
    if columns.max() > SPARE + 2 * len(columns):
        raise ValueError(f"{len(columns)} n-grams in columns up to {columns.max()}")
    counted = [i for i, (size, _) in enumerate(grams) if low <= size <= high]
    return [grams[i][1] for i in counted], columns[counted]
