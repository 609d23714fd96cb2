"""A nearest-neighbor model over many rows: milliseconds of work per row of a request."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

import pretzel
from pretzel.plan.definition import Definition

INPUT, WIDTH, TRAINED = "X", 40, 40_000


def definition(seed: int = 0) -> Definition:
    """Return the exported model."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(TRAINED, WIDTH))
    model = KNeighborsClassifier(algorithm="brute").fit(x, (x[:, 0] > 0).astype(int))
    exported: Definition = pretzel.export(model)
    return exported
