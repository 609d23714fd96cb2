"""Imputers, over columns with missing values."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer

from tests.importers.sklearn.examples import Example, fitting

X = np.array([[1.0, np.nan, np.nan], [2.0, 5.0, np.nan], [2.0, 0.0, np.nan], [np.nan, 0.0, np.nan], [9.0, 4.0, np.nan]])
ZEROS = {"missing_values": 0.0}
TEXTS = pd.DataFrame({"a": ["x", np.nan, "y", "y"], "b": ["?", "u", "u", np.nan]})


def _imputer(**options: Any) -> tuple[SimpleImputer, np.ndarray]:
    """Without NaN for the marker, there is none in X."""
    x = np.nan_to_num(X) if "missing_values" in options else X
    return SimpleImputer(**options).fit(x), x


EXAMPLES = [
    Example(
        SimpleImputer,
        _imputer,
        {
            "missing_values": [0.0],
            "strategy": ["median", "most_frequent", "constant"],
            "fill_value": [(-7.0, {"strategy": "constant"})],
            "add_indicator": [True],
            "keep_empty_features": [True],
        },
        exact=True,
    ),
    Example(SimpleImputer, fitting(SimpleImputer, np.nan_to_num(X), **ZEROS), exact=True),
    Example(SimpleImputer, fitting(SimpleImputer, TEXTS, strategy="most_frequent"), exact=True),
    Example(
        SimpleImputer,
        fitting(SimpleImputer, TEXTS, strategy="constant", fill_value="none"),
        exact=True,
    ),
]
