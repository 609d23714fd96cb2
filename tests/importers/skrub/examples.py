"""Tables of numbers, categories and texts, with null strings, texts of spaces alone, and categories never seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from skrub import MinHashEncoder, StringEncoder, TableVectorizer

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example

_random = np.random.default_rng(3)
ROWS = 60
TABLE = pd.DataFrame(
    {
        "number": _random.normal(size=ROWS),
        "count": _random.integers(0, 5, ROWS),
        "flag": _random.integers(0, 2, ROWS).astype(bool),
        "letter": _random.choice(["x", "y", "z"], ROWS),
        "pair": _random.choice(["u", "v"], ROWS),
        "text": [f"word{i} and {i % 7}" for i in range(ROWS)],
        "kind": pd.Categorical(_random.choice(["p", "q", "r"], ROWS)),
        "hole": _random.choice(["k", "N/A", "l"], ROWS),
        "same": [1.5] * ROWS,
    }
)
ODD = pd.DataFrame(
    {
        "number": [1.0, np.nan, 3.0, 4.0],
        "count": [1, 2, 3, 4],
        "flag": [True, False, True, True],
        "letter": ["new", "  ", "N/A", None],
        "pair": ["u", " ", "?", "w"],
        "text": ["N/A", " \t", None, "word1 zzz"],
        "kind": ["p", None, "new", "q"],
        "hole": ["new", " \n ", "?", None],
        "same": [2.5] * 4,
    }
)
GIVEN = pd.concat([TABLE, ODD], ignore_index=True).astype({"kind": "category"})
BATCHES = (1, 7, 64)


def vectorized(**options: Any) -> tuple[Any, Any]:
    """Return a fitted vectorizer and rows with odd values."""
    few = StringEncoder(n_components=5, random_state=0)
    return TableVectorizer(**{"high_cardinality": few, **options}).fit(TABLE), GIVEN


def strings(**options: Any) -> tuple[Any, Any]:
    """Return a StringEncoder fitted on one column of texts, and texts."""
    encoder = StringEncoder(**{"n_components": 5, "random_state": 0, **options})
    return encoder.fit(TABLE["text"]), GIVEN["text"].fillna("")


EXAMPLES = [
    Example(
        TableVectorizer,
        vectorized,
        {
            "cardinality_threshold": [3],
            "low_cardinality": [OneHotEncoder(sparse_output=False, handle_unknown="ignore"), OrdinalEncoder()],
            "high_cardinality": [StringEncoder(n_components=3, random_state=0), MinHashEncoder()],
            "numeric": [StandardScaler()],
            "datetime": HARMLESS,
            "specific_transformers": [[(StandardScaler(), ["number"])]],
            "drop_null_fraction": FIT_ONLY,
            "drop_if_constant": [True],
            "drop_if_unique": FIT_ONLY,
            "datetime_format": FIT_ONLY,
            "null_strings": ["x"],
        },
        batches=BATCHES,
        amplifies=lambda fitted: 1e3,
    ),
    Example(
        StringEncoder,
        strings,
        {
            "n_components": [3],
            "vectorizer": ["hashing"],
            "ngram_range": [(2, 2)],
            "analyzer": ["char"],
            "stop_words": [("english", {"analyzer": "word", "ngram_range": (1, 1)})],
            "vocabulary": [({"wor": 0, "ord": 1, "and": 2}, {"n_components": 2})],
        },
        batches=BATCHES,
        amplifies=lambda fitted: 1e3,
    ),
]
