"""Importers of text vectorizers and tf-idf weighting."""

from __future__ import annotations

import codecs
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from pretzel.errors import DefinitionError
from pretzel.importers.columns import Columns
from pretzel.importers.fitted import is_fitted
from pretzel.importers.inputs import Open
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.matrices import checked, is_sparse
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.text import UNITS
from pretzel.plan.parameter import Parameter
from pretzel.plan.regex.automaton import check
from pretzel.plan.types import DTYPE_NAMES

reads_entries(TfidfTransformer, alike=True)

COUNTS = ("i64", "f32", "f64")


@imports(CountVectorizer)
def count_vectorizer(estimator: CountVectorizer, x: Columns, step: Step) -> Methods:
    """Return the counts of the terms of the vocabulary."""
    return {"transform": _counts(estimator, x, step, count_dtype(estimator, step))}


@imports(TfidfVectorizer)
def tfidf_vectorizer(estimator: TfidfVectorizer, x: Columns, step: Step) -> Methods:
    """Return the counts, weighted by the inner TfidfTransformer."""
    dtype = count_dtype(estimator, step)
    weights = getattr(estimator, "_tfidf", None)
    if weights is None:
        raise step.refuse("", "it is not fitted", "fit it first")
    counts = _counts(estimator, x, step, "f64" if dtype == "i64" else dtype)
    return {"transform": _weighted(weights, counts)}


@imports(TfidfTransformer)
def tfidf_transformer(estimator: TfidfTransformer, x: Columns, step: Step) -> Methods:
    """Return the input counts, weighted."""
    if not is_fitted(estimator):
        raise step.refuse("", "it is not fitted", "fit it first")
    counts = checked(x, estimator)
    if estimator.sublinear_tf and not is_sparse(counts):
        remedy = "place it after a CountVectorizer, whose counts are sparse"
        raise step.refuse("sublinear_tf", "the zeros of a dense matrix would count too", remedy, about_input=True)
    if not is_sparse(counts):  # the library converts them to sparse rows without stored zeros
        counts = ops.Sparsify(counts)
    return {"transform": _weighted(estimator, counts)}


def _counts(estimator: Any, x: Columns, step: Step, dtype: str) -> Node:
    """Return the counts of n-grams, over texts prepared by the options."""
    vocabulary = _vocabulary(estimator, step)
    units = analyzed(estimator, x, step)
    return ops.CountNgrams(units, vocabulary, *ngrams(estimator, step), dtype, bool(estimator.binary))


def analyzed(estimator: Any, x: Columns, step: Step) -> Node:
    """Return the tokens, or the texts, from which a vectorizer builds n-grams, prepared by its options."""
    _refuse_options(estimator, step)
    if callable(estimator.analyzer):
        return _traced(estimator.analyzer, "analyzer", _documents(estimator, x), step, tokens=True)
    texts = _prepared(estimator, x, step)
    return _tokens(estimator, texts, step) if estimator.analyzer == "word" else texts


def _refuse_options(estimator: Any, step: Step) -> None:
    if estimator.input != "content":
        raise step.refuse("input", "servers do not read files", "set input='content' and pass the texts")
    if estimator.analyzer not in UNITS and not callable(estimator.analyzer):
        raise step.refuse("analyzer", "it is unknown", "use 'word', 'char' or 'char_wb', and fit again")


def ngrams(estimator: Any, step: Step) -> tuple[str, int, int]:
    """Return the unit of a vectorizer's n-grams, and their smallest and largest length."""
    if callable(estimator.analyzer):
        return "word", 1, 1
    low, high = map(int, estimator.ngram_range)
    if not 1 <= low <= high:
        raise step.refuse("ngram_range", "the range is empty", "use a range from 1 up, such as (1, 2), and fit again")
    return estimator.analyzer, low, high


def _prepared(estimator: Any, x: Columns, step: Step) -> Node:
    """Return the texts in lower case and without accents, or as the user's function makes them."""
    texts, form = _documents(estimator, x), estimator.strip_accents
    if estimator.preprocessor is not None:
        return _traced(estimator.preprocessor, "preprocessor", texts, step, tokens=False)
    if estimator.lowercase:
        texts = ops.Lowercase(texts)
    if not form:
        return texts
    if callable(form):
        return _traced(form, "strip_accents", texts, step, tokens=False)
    if form not in ("ascii", "unicode"):
        raise step.refuse("strip_accents", "the form is unknown", "use 'ascii' or 'unicode', and fit again")
    return ops.StripAccents(texts, form)


def _documents(estimator: Any, x: Columns) -> Node:
    texts = x.text()
    _note_decoding(estimator, x)
    return texts


def _note_decoding(estimator: Any, x: Columns) -> None:
    """Record for clients how the vectorizer decodes documents sent as bytes."""
    part = x.parts[0]
    if isinstance(part, Open) and part.width is None:
        form = (_codec(estimator.encoding), str(estimator.decode_error))
        part.inputs.decoding.setdefault(part.name, []).append(form)


def _codec(encoding: str) -> str:
    """Return the canonical name of an encoding; an unknown one stays, because only bytes need it."""
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return str(encoding)


def _tokens(estimator: Any, texts: Node, step: Step) -> Node:
    if estimator.tokenizer is not None:
        tokens = _traced(estimator.tokenizer, "tokenizer", texts, step, tokens=True)
        return _filtered(estimator, tokens)
    pattern = estimator.token_pattern
    try:
        check(pattern)
    except (ValueError, TypeError) as error:
        remedy = r"use one like '\\b\\w\\w+\\b' or '[a-z]+', and fit again"
        raise step.refuse("token_pattern", str(error), remedy) from None
    return _filtered(estimator, ops.Tokenize(texts, pattern))


def _filtered(estimator: Any, tokens: Node) -> Node:
    stop_words = estimator.get_stop_words()
    return tokens if stop_words is None else ops.FilterTokens(tokens, Parameter.strings(_words(stop_words)))


def _words(stop_words: Iterable[Any]) -> list[str]:
    """Return the stop words that a valid Unicode token can equal, in an order independent of the process."""
    words = {word for word in stop_words if isinstance(word, str)}
    return sorted(word for word in words if word.encode(errors="ignore").decode() == word)


def count_dtype(estimator: Any, step: Step) -> str:
    """Return the dtype in which a vectorizer stores counts."""
    dtype = DTYPE_NAMES.get(np.dtype(estimator.dtype))
    if dtype not in COUNTS:
        raise step.refuse("dtype", "it is not supported", f"use int64, float32 or float64, not {estimator.dtype!r}")
    return dtype


def _weighted(weights: Any, counts: Node) -> Node:
    """Return tf-idf: logarithms, then weights (if fitted or set, regardless of use_idf), then norms."""
    if counts.type.dtype == "i64":
        counts = ops.Cast(counts, "f64")
    if weights.sublinear_tf:
        counts = ops.Elementwise(counts, "one_plus_log")
    if hasattr(weights, "idf_"):
        counts = ops.Affine(counts, Parameter.of(_floats(weights.idf_)))
    return counts if weights.norm is None else ops.Normalize(counts, weights.norm)


def _floats(idf: Any) -> np.ndarray:
    array = np.asarray(idf)
    return array if array.dtype == np.float32 else array.astype(np.float64)


def _vocabulary(estimator: Any, step: Step) -> Parameter:
    try:
        estimator._check_vocabulary()
    except NotFittedError:
        raise step.refuse("", "it is not fitted", "fit it first") from None
    cached = _remembered(estimator.vocabulary_)
    if cached is not None:
        return cached
    try:
        parameter = Parameter.strings(_in_order(estimator.vocabulary_))
    except (AttributeError, DefinitionError, IndexError, TypeError, ValueError) as error:
        remedy = "give every column one text of valid Unicode"
        raise step.refuse("vocabulary", str(error), remedy) from None
    _remember(estimator.vocabulary_, parameter)
    return parameter


def _in_order(vocabulary: Mapping[str, int]) -> list[str]:
    """Return the terms in the order of their columns."""
    terms: list[Any] = [None] * len(vocabulary)
    for term, column in vocabulary.items():
        terms[column] = term
    if None in terms or min(vocabulary.values(), default=0) < 0:
        raise ValueError(f"some of the columns 0..{len(terms) - 1} have no term")
    return terms


# Sibling vectorizers share vocabularies, often as one object.  A copy detects changes to the dictionary; comparing two
# dictionaries of equal strings takes a fraction of the time of packing and hashing one.
_recent: deque[tuple[dict[str, int], Parameter]] = deque(maxlen=16)
_lock = threading.Lock()


def _remembered(vocabulary: Mapping[str, int]) -> Parameter | None:
    with _lock:
        recent = list(_recent)
    return next((p for known, p in recent if len(known) == len(vocabulary) and known == vocabulary), None)


def _remember(vocabulary: Mapping[str, int], parameter: Parameter) -> None:
    with _lock:
        _recent.append((dict(vocabulary), parameter))


def _traced(function: Any, option: str, texts: Node, step: Step, *, tokens: bool) -> Node:
    """Return what a user's function makes of each text."""
    from pretzel.importers.tracing.documents import traced_document  # loads the tracer, which few models need

    return traced_document(function, option, texts, step, tokens=tokens)
