"""Isotonic regression, over numbers inside and outside what it was fitted on."""

import numpy as np
from sklearn.isotonic import IsotonicRegression

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(43)
X = _random.normal(size=60)
Y = X + _random.normal(size=60)
GIVEN = np.concatenate([X, [X.min(), X.max(), X.min() - 1.0, X.max() + 1.0]])
OPTIONS = {
    "increasing": [False],
    "out_of_bounds": ["clip"],
    "y_max": [0.5],
    "y_min": FIT_ONLY,
}

EXAMPLES = [
    Example(IsotonicRegression, fitting(IsotonicRegression, X, Y, rows=GIVEN), OPTIONS, exact=True),
    Example(IsotonicRegression, fitting(IsotonicRegression, X, -Y, rows=GIVEN, increasing=False, out_of_bounds="clip")),
    Example(IsotonicRegression, fitting(IsotonicRegression, X[:, None], Y, rows=GIVEN[:, None], increasing="auto")),
    Example(IsotonicRegression, fitting(IsotonicRegression, X, Y, out_of_bounds="raise"), exact=True),
    Example(IsotonicRegression, fitting(IsotonicRegression, X[:1], Y[:1], rows=GIVEN)),
    *(
        Example(IsotonicRegression, fitting(IsotonicRegression, single, Y, rows=rows, out_of_bounds="clip"))
        for single, rows in ((X.astype(np.float32), GIVEN.astype(np.float32)), (X.astype(np.float32), GIVEN))
    ),
]
