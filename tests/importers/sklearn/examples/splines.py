"""Splines, over numbers inside and outside of the knots."""

import numpy as np
from sklearn.preprocessing import SplineTransformer

from tests.importers.sklearn.examples import HARMLESS, Example, fitting

_random = np.random.default_rng(44)
X = np.round(_random.normal(size=(50, 3)), 1)
WITHIN = X[np.abs(X).max(axis=1) < 1]
OUTSIDE = np.concatenate([X, 3 * X])
HOLES = OUTSIDE.copy()
HOLES[::4, 1] = np.nan
KNOTS = np.linspace(-1.0, [1.0, 2.0, 3.0], 4)
WAYS = ("constant", "linear", "continue", "periodic", "error")

EXAMPLES = [
    Example(
        SplineTransformer,
        fitting(SplineTransformer, X, rows=OUTSIDE),
        {
            "degree": [1, 2, 0],
            "extrapolation": ["linear", "continue", "periodic"],
            "handle_missing": HARMLESS,
            "include_bias": [False],
            "knots": ["quantile", KNOTS],
            "n_knots": [2, 7],
            "order": HARMLESS,
            "sparse_output": [True],
        },
        exact=True,
    ),
    *(
        Example(
            SplineTransformer,
            fitting(SplineTransformer, X, rows=WITHIN if way == "error" else rows, extrapolation=way, degree=2),
            exact=rows is OUTSIDE,
        )
        for way in WAYS
        for rows in (OUTSIDE, OUTSIDE.astype(np.float32))
    ),
    *(
        Example(
            SplineTransformer,
            fitting(SplineTransformer, X, rows=WITHIN, sparse_output=True, extrapolation=way),
            exact=True,
        )
        for way in WAYS
    ),
    *(
        Example(
            SplineTransformer,
            fitting(SplineTransformer, HOLES, sparse_output=True, extrapolation=way, handle_missing="zeros"),
            exact=True,
        )
        for way in ("constant", "linear")
    ),
    *(
        Example(
            SplineTransformer,
            fitting(SplineTransformer, HOLES, rows=HOLES, extrapolation=way, handle_missing="zeros"),
            exact=True,
        )
        for way in WAYS
    ),
]
