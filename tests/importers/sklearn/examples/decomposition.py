"""Decompositions, over a few random numbers."""

import numpy as np
from sklearn import decomposition

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

X = np.random.default_rng(6).normal(size=(40, 5)) * [1.0, 2.0, 3.0, 4.0, 5.0]
SOLVING = dict.fromkeys(
    (
        "algorithm",
        "batch_size",
        "iterated_power",
        "n_iter",
        "n_oversamples",
        "power_iteration_normalizer",
    ),
    FIT_ONLY,
)
OPTIONS = SOLVING | {"n_components": [2], "whiten": [True], "svd_solver": HARMLESS}

EXAMPLES = [
    *(Example(decomposition.PCA, fitting(decomposition.PCA, x), OPTIONS) for x in (X, X.astype(np.float32))),
    Example(decomposition.IncrementalPCA, fitting(decomposition.IncrementalPCA, X), OPTIONS),
    Example(
        decomposition.TruncatedSVD,
        fitting(decomposition.TruncatedSVD, X, random_state=0),
        OPTIONS | {"n_components": [1, 3]},
    ),
]
