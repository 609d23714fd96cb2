"""Features made of numbers: bins, polynomials, powers; values on edges, below and beyond."""

import numpy as np
from sklearn import preprocessing

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(15)
X = np.round(_random.normal(size=(60, 3)) * [1.0, 3.0, 10.0], 2)
BEYOND = np.vstack([X * 1.5, np.full((1, 3), 1e6), np.full((1, 3), -1e6)])
POSITIVE = np.abs(X) + 0.1
BINNING = {
    "n_bins": [3],
    "encode": ["ordinal", "onehot-dense"],
    "strategy": FIT_ONLY,
    "quantile_method": FIT_ONLY,
    "dtype": [np.float32],
    "subsample": FIT_ONLY,
}

EXAMPLES = [
    Example(preprocessing.KBinsDiscretizer, fitting(preprocessing.KBinsDiscretizer, X, rows=BEYOND), BINNING, True),
    *(
        Example(
            preprocessing.KBinsDiscretizer,
            fitting(preprocessing.KBinsDiscretizer, x, n_bins=[2, 3, 7], encode=encode, strategy=strategy),
            exact=True,
        )
        for x in (X, X.astype(np.float32))
        for encode, strategy in (("ordinal", "uniform"), ("onehot", "kmeans"), ("onehot-dense", "quantile"))
    ),
    Example(
        preprocessing.PolynomialFeatures,
        fitting(preprocessing.PolynomialFeatures, X, rows=BEYOND),
        {
            "degree": [1, 3, 4, (2, 4)],
            "interaction_only": [True, (True, {"degree": 3})],
            "include_bias": [False],
            "order": HARMLESS,
        },
        exact=True,
    ),
    Example(
        preprocessing.PolynomialFeatures, fitting(preprocessing.PolynomialFeatures, X.astype(np.float32)), exact=True
    ),
    Example(
        preprocessing.PowerTransformer,
        fitting(preprocessing.PowerTransformer, POSITIVE),
        {"method": ["box-cox"], "standardize": [False]},
    ),
    Example(preprocessing.PowerTransformer, fitting(preprocessing.PowerTransformer, X, rows=X * 2)),
    Example(preprocessing.PowerTransformer, fitting(preprocessing.PowerTransformer, POSITIVE.astype(np.float32))),
    Example(
        preprocessing.PowerTransformer,
        fitting(preprocessing.PowerTransformer, POSITIVE.astype(np.float32), method="box-cox"),
    ),
]
