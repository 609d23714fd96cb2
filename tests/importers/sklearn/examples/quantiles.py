"""Quantile transformers, over rounded numbers with ties, below, beyond and missing ones."""

import numpy as np
from sklearn.preprocessing import QuantileTransformer

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(17)
X = np.round(_random.normal(size=(60, 3)), 1)
BEYOND = np.vstack([X * 1.3, X, [[np.nan, 0.0, 9.0], [-9.0, 9.0, -9.0]]])
OPTIONS = {
    "n_quantiles": [7],
    "output_distribution": ["normal"],
    "ignore_implicit_zeros": HARMLESS,  # it acts only on sparse rows, which are rejected
    "subsample": FIT_ONLY,
}

EXAMPLES = [
    Example(
        QuantileTransformer, fitting(QuantileTransformer, x, rows=rows, n_quantiles=20, output_distribution=output), o
    )
    for x, rows, output, o in (
        (X, BEYOND, "uniform", OPTIONS),
        (X, BEYOND, "normal", OPTIONS),
        (X.astype(np.float32), X.astype(np.float32) * np.float32(1.1), "normal", OPTIONS),
        (X.astype(np.float32), X.astype(np.float32), "uniform", OPTIONS),
    )
]
