"""Vectorizers that hash, and the one of dictionaries."""

from typing import Any

import numpy as np
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer

from tests.importers.sklearn.examples import FIT_ONLY, Example
from tests.importers.sklearn.examples.text import COUNTING, TEXTS

RECORDS: list[dict[str, Any]] = [
    {"city": "Paris", "heat": 21.5, "wind": 3},
    {"city": "Zürich", "heat": -4, "rain": True, "wind": 0},
    {},
    {"wind": 1e-3, "heat": np.float32(0.1), "": 2.0},
    {"city=Paris": 4.0, "city": "Paris"},
]
TAGGED = [*RECORDS[:3], {"tags": ["a", "b", "a"], "heat": None}, {"tags": {"b"}, "city": "Oslo"}]
PAIRS = [list(record.items()) for record in RECORDS]
LISTS = [["Paris", "21", "Paris"], ["Zürich"], [], ("", "wind", "rain", "wind", "21")]
FORMS: dict[str, Any] = {"dict": RECORDS, "pair": PAIRS, "string": LISTS}


def _hasher(**options: Any) -> tuple[Any, Any]:
    return FeatureHasher(**{"n_features": 16, **options}), FORMS[options.get("input_type", "dict")]


def _dictionaries(**options: Any) -> tuple[Any, Any]:
    return DictVectorizer(**options).fit(TAGGED), [*TAGGED, {"unknown": 3, "city": "Rome", "city=Paris": 5}]


def _hashing(**options: Any) -> tuple[Any, list[str]]:
    texts = [__file__] if options.get("input") == "filename" else TEXTS
    return HashingVectorizer(**{"n_features": 64, **options}), texts


HASHING: dict[str, Any] = {name: values for name, values in COUNTING.items() if not name.startswith(("max_", "min_"))}
EXAMPLES = [
    Example(
        HashingVectorizer,
        _hashing,
        HASHING
        | {
            "n_features": [7, 2**20],
            "alternate_sign": [False, (False, {"norm": None})],
            "norm": ["l1", None],
            "ngram_range": [*COUNTING["ngram_range"], (1, 99)],
            "dtype": [np.float32, (np.int64, {"norm": None}), np.int32],
        },
    ),
    Example(
        FeatureHasher,
        _hasher,
        {
            "n_features": [5, 2**20],
            "input_type": ["pair", "string"],
            "dtype": [np.float32, np.int64, (np.int64, {"input_type": "string"})],
            "alternate_sign": [False, (False, {"input_type": "string"})],
        },
        exact=True,
    ),
    Example(
        DictVectorizer,
        _dictionaries,
        {"dtype": [np.float32, np.int64], "separator": [" is "], "sparse": [False], "sort": FIT_ONLY},
        exact=True,
    ),
]
