"""Clusterers, over a few random numbers."""

import numpy as np
from sklearn import cluster

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

X = np.random.default_rng(5).normal(size=(50, 3))
MEANS = {
    "algorithm": FIT_ONLY,
    "batch_size": FIT_ONLY,
    "compute_labels": FIT_ONLY,
    "init": ["random", X[:3], (X[:3] + 1.0)],
    "init_size": FIT_ONLY,
    "max_no_improvement": FIT_ONLY,
    "n_clusters": [2, 5],
    "reassignment_ratio": FIT_ONLY,
}
FEW = {"n_clusters": 3, "n_init": 1, "random_state": 0, "max_iter": 2}

EXAMPLES = [
    Example(kind, fitting(kind, x, **FEW), MEANS)
    for kind in (cluster.KMeans, cluster.MiniBatchKMeans)
    for x in (X, X.astype(np.float32))
]
