"""Decompositions, over a few random numbers."""

import numpy as np
from sklearn import cross_decomposition, decomposition

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(6)
X = _random.normal(size=(40, 5)) * [1.0, 2.0, 3.0, 4.0, 5.0]
SINGLE = X.astype(np.float32)
Y = X @ _random.normal(size=(5, 3)) + _random.normal(size=(40, 3))
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
LEAST = {"n_components": [1], "scale": [False], "algorithm": FIT_ONLY}
SPARSE = dict.fromkeys(
    ("alpha", "U_init", "V_init", "method", "max_no_improvement", "callback", "batch_size", "shuffle"), FIT_ONLY
) | {"n_components": [2], "ridge_alpha": [3.0]}
FEW = {"n_components": 3, "max_iter": 10, "random_state": 0}

EXAMPLES = [
    *(Example(decomposition.PCA, fitting(decomposition.PCA, x), OPTIONS) for x in (X, SINGLE)),
    Example(decomposition.PCA, fitting(decomposition.PCA, X, n_components=2, whiten=True)),
    Example(decomposition.IncrementalPCA, fitting(decomposition.IncrementalPCA, X), OPTIONS),
    Example(
        decomposition.TruncatedSVD,
        fitting(decomposition.TruncatedSVD, X, random_state=0),
        OPTIONS | {"n_components": [1, 3]},
    ),
    *(
        Example(
            decomposition.FactorAnalysis,
            fitting(decomposition.FactorAnalysis, X, rows=rows, n_components=3, max_iter=20),
            {
                "iterated_power": FIT_ONLY,
                "n_components": [0, 5],
                "noise_variance_init": FIT_ONLY,
                "rotation": ["varimax"],
                "svd_method": FIT_ONLY,
            },
        )
        for rows in (X, SINGLE)
    ),
    *(
        Example(
            decomposition.FastICA,
            fitting(decomposition.FastICA, x, rows=rows, n_components=3, random_state=0),
            {
                "algorithm": FIT_ONLY,
                "fun": FIT_ONLY,
                "fun_args": FIT_ONLY,
                "n_components": [2],
                "w_init": FIT_ONLY,
                "whiten": [False, "arbitrary-variance"],
                "whiten_solver": FIT_ONLY,
            },
        )
        for x, rows in ((X, X), (SINGLE, SINGLE), (X, SINGLE))
    ),
    *(
        Example(kind, fitting(kind, X, Y, rows=rows), LEAST)
        for kind in (
            cross_decomposition.CCA,
            cross_decomposition.PLSCanonical,
            cross_decomposition.PLSRegression,
            cross_decomposition.PLSSVD,
        )
        for rows in (X, SINGLE)
    ),
    Example(cross_decomposition.PLSRegression, fitting(cross_decomposition.PLSRegression, X, Y[:, 0])),
    *(
        Example(kind, fitting(kind, X, rows=rows, **FEW), SPARSE, batches=(7, 1000))
        for kind in (decomposition.SparsePCA, decomposition.MiniBatchSparsePCA)
        for rows in (X, SINGLE)
    ),
]
