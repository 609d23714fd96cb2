"""Kernel densities, near the training rows, far from them, and between."""

import numpy as np
from sklearn.neighbors import KernelDensity

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(23)
X = np.vstack([_random.normal(size=(50, 2)), _random.normal(size=(50, 2)) * 0.3 + 6.0])
GIVEN = np.vstack([X[:10], np.linspace(-4.0, 10.0, 25)[:, None] * [1.0, 1.0], [[100.0, -3.0]]])
OPTIONS = {
    "bandwidth": [0.2, "scott", "silverman"],
    "algorithm": FIT_ONLY,
    "kernel": ["tophat", "epanechnikov", "exponential", "linear", "cosine"],
    "metric": ["manhattan", "chebyshev", "canberra", "braycurtis", "hamming", "jaccard"],
    "metric_params": [({"p": 3}, {"metric": "minkowski"}), ({"w": [1.0, 2.0]}, {"metric": "minkowski"})],
    "atol": [1e-3],
    "rtol": [1e-2],
    "breadth_first": [(False, {"kernel": "linear", "bandwidth": 0.1})],
    "leaf_size": FIT_ONLY,
}

EXAMPLES = [
    Example(KernelDensity, fitting(KernelDensity, X, rows=GIVEN, leaf_size=5), OPTIONS),
    Example(KernelDensity, fitting(KernelDensity, X, rows=GIVEN, leaf_size=5, breadth_first=False)),
    Example(KernelDensity, fitting(KernelDensity, X, rows=GIVEN.astype(np.float32), algorithm="ball_tree")),
]
