"""Training data, and a fitted model with rows for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

IRIS = load_iris()
NAMES = np.array(["setosa", "versicolor", "virginica"], object)
SIZES = np.where(IRIS.data[:, 0] > 6, "large", "small").astype(object)
DOCUMENTS = ["The cat sat on the mat", "a dog ran", "Cats & dogs", "Größe zählt", "", "no more words"] * 10
PEOPLE = pd.DataFrame({"age": np.arange(60.0) % 37, "job": ["clerk", "farmer", "smith"] * 20})


@dataclass
class Trained:
    """A fitted estimator with rows for it."""

    estimator: Any
    X: Any

    def head(self, rows: int) -> Any:
        return self.X[:rows]
