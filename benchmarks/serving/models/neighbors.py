"""A search of the nearest among many rows: milliseconds of work for each row of a request."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

import pretzel
from pretzel.plan.definition import Definition

INPUT, WIDTH, TRAINED = "X", 40, 40_000


def definition(seed: int = 0) -> Definition:
    """Return the model as it is deployed."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(TRAINED, WIDTH))
    model = KNeighborsClassifier(algorithm="brute").fit(x, (x[:, 0] > 0).astype(int))
    found: Definition = pretzel.export(model)
    return found
