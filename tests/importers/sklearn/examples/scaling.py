"""Scalers, over a few random numbers, other numbers than those that they were fitted on."""

import numpy as np
from scipy.sparse import csr_matrix
from sklearn import preprocessing

from tests.importers.sklearn.examples import Example, fitting

X = np.random.default_rng(9).normal(size=(40, 3)) * [1.0, 10.0, 0.1] + 2.0
BEYOND = np.vstack([X * 2 - 1, np.zeros((1, 3)), [[np.nan, 1.0, 2.0]]])


EXAMPLES = [
    Example(
        preprocessing.StandardScaler,
        fitting(preprocessing.StandardScaler, X, rows=BEYOND),
        {"with_mean": [False], "with_std": [False]},
    ),
    Example(preprocessing.StandardScaler, fitting(preprocessing.StandardScaler, csr_matrix(X), with_mean=False)),
    Example(
        preprocessing.RobustScaler,
        fitting(preprocessing.RobustScaler, X, rows=BEYOND),
        {
            "with_centering": [False],
            "with_scaling": [False],
            "quantile_range": [(10.0, 80.0)],
            "unit_variance": [True],
        },
    ),
    Example(preprocessing.MaxAbsScaler, fitting(preprocessing.MaxAbsScaler, X, rows=BEYOND), {"clip": [True]}),
    Example(preprocessing.MaxAbsScaler, fitting(preprocessing.MaxAbsScaler, csr_matrix(X))),
    Example(
        preprocessing.MinMaxScaler,
        fitting(preprocessing.MinMaxScaler, X, rows=BEYOND),
        {"feature_range": [(-3, 5), ((-3, 5), {"clip": True})], "clip": [True]},
    ),
    Example(preprocessing.Normalizer, fitting(preprocessing.Normalizer, X), {"norm": ["l1", "max"]}),
]
