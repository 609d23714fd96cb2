"""Encoders of categories, over columns of strings, of numbers, with missing values and categories never seen."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from tests.importers.sklearn.examples import FIT_ONLY, Example

TABLE = pd.DataFrame(
    {
        "color": ["red", "green", "blue", "red", "red", "green", "red", "teal", "green", "red"] * 2,
        "size": [1.0, 2.0, 2.0, np.nan, 1.0, 1.0, 2.0, 5.0, 1.0, 2.0] * 2,
        "yes": ["y", "n", "y", "n", "y", "y", "y", "n", "y", "n"] * 2,
    }
)
UNSEEN = pd.DataFrame({"color": ["red", "mauve"], "size": [7.0, 2.0], "yes": ["y", "?"]})
KNOWN = [["teal", "red", "green", "blue"], [0.0, 1.0, 2.0, 5.0, np.nan], ["y", "n"]]


def _encoder(kind: type) -> Callable[..., tuple[Any, Any]]:
    """Return a function that fits, with unseen categories in X if the options allow them."""

    def make(**options: Any) -> tuple[Any, Any]:
        unknown = options.get("handle_unknown", "error") != "error"
        return kind(**options).fit(TABLE), pd.concat([TABLE, UNSEEN], ignore_index=True) if unknown else TABLE

    return make


VALUE = {"handle_unknown": "use_encoded_value", "unknown_value": -2}
EXAMPLES = [
    Example(
        OneHotEncoder,
        _encoder(OneHotEncoder),
        {
            "categories": [KNOWN],
            "drop": ["first", "if_binary", ["red", 2.0, "n"], ("first", {"handle_unknown": "ignore"})],
            "sparse_output": [False],
            "dtype": [
                np.float32,
                np.int64,
                np.int32,
                (np.bool_, {"sparse_output": False}),
                (np.int8, {"sparse_output": False}),
            ],
            "handle_unknown": [
                "ignore",
                "warn",
                "infrequent_if_exist",
                ("infrequent_if_exist", {"min_frequency": 3}),
                ("warn", {"max_categories": 2}),
            ],
            "min_frequency": [3, 0.25, (3, {"drop": "first"})],
            "max_categories": [2, (2, {"drop": "if_binary"})],
            "feature_name_combiner": FIT_ONLY,
        },
        exact=True,
    ),
    Example(
        OrdinalEncoder,
        _encoder(OrdinalEncoder),
        {
            "categories": [KNOWN],
            "dtype": [np.float32, (np.int64, {"encoded_missing_value": -1})],
            "handle_unknown": [("use_encoded_value", {"unknown_value": -2})],
            "unknown_value": [
                (-5, {"handle_unknown": "use_encoded_value"}),
                (np.nan, {"handle_unknown": "use_encoded_value"}),
            ],
            "encoded_missing_value": [-1, 77.5],
            "min_frequency": [3, 0.25, (3, VALUE)],
            "max_categories": [2, (2, VALUE)],
        },
        exact=True,
    ),
]
