"""Vectorizers of text, over a few sentences."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from tests.importers.sklearn.examples import HARMLESS, Example, fitting

TEXTS = [
    "The quick brown fox jumps over the lazy dog",
    "Voilà: le café noir, the CAFÉ and the cafe",
    "a b c 1 22 333 the the the straße STRASSE",
    "ﬁne ½ naïve Ǆ İstanbul co-operate don't",
    "",
    "the end",
]
COUNTS = CountVectorizer().fit_transform(TEXTS)


def words(text: str) -> list[str]:
    """Serve as a user's code."""
    return text.split()


def _prepared(text: str) -> str:
    return text[::-1]


def _vectorizer(kind: type) -> Callable[..., tuple[Any, list[str]]]:
    def make(**options: Any) -> tuple[Any, list[str]]:
        texts = [__file__] if options.get("input") == "filename" else TEXTS
        return kind(**options).fit(texts), texts

    return make


COUNTING = {
    "input": ["filename"],
    "encoding": HARMLESS,  # of bytes, which no column holds
    "decode_error": HARMLESS,
    "strip_accents": ["ascii", "unicode", _prepared],
    "lowercase": [False],
    "preprocessor": [_prepared],
    "tokenizer": [words],
    "stop_words": ["english", ["the", "cafe"], (["the"], {"ngram_range": (1, 2)})],
    "token_pattern": [r"(?u)\b\w+\b", r"[a-z]+", r"\S+", r"#?\b(\w+)e\b", r"(a|b)\w*"],
    "ngram_range": [(1, 2), (2, 3), ((1, 4), {"analyzer": "char"}), ((2, 3), {"analyzer": "char_wb"})],
    "analyzer": ["char", "char_wb", words],
    "max_df": [2],
    "min_df": [2],
    "max_features": [3],
    "vocabulary": [["fox", "the", "nowhere"], {"the": 1, "café": 0}],
    "binary": [True],
    "dtype": [np.float32, np.float64, np.int32],
}
WEIGHING: dict[str, Any] = {
    "norm": ["l1", None],
    "use_idf": [False],
    "smooth_idf": [False],
    "sublinear_tf": [True],
}

EXAMPLES = [
    Example(CountVectorizer, _vectorizer(CountVectorizer), COUNTING, exact=True),
    Example(TfidfVectorizer, _vectorizer(TfidfVectorizer), COUNTING | WEIGHING | {"dtype": [np.float32]}),
    Example(TfidfTransformer, fitting(TfidfTransformer, COUNTS), WEIGHING),
]
