"""Training data of converted models, in float32 as their graphs compute."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import make_classification

X, Y = make_classification(300, 6, n_informative=4, n_classes=3, random_state=0)
X = X.astype(np.float32)
TWO = (Y > 1).astype(np.int64)
WORDS = np.array(["red", "green", "blue"])[Y]
TARGET = (X[:, 0] * 2 + X[:, 1]).astype(np.float64)
COUNTS = np.round(np.abs(X) * 3)


def with_missing(x: np.ndarray = X) -> np.ndarray:
    """Return X with categories in its first column, and missing values there and in the second."""
    missing = x.copy()
    missing[:, 0] = np.floor(np.abs(missing[:, 0] * 3))
    missing[::7, 1] = np.nan
    missing[::5, 0] = np.nan
    return missing
