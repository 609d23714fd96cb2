"""Functions of each value, random projections, indicators, and targets that are transformed."""

from functools import partial
from typing import Any

import numpy as np
from scipy import special
from scipy.sparse import csr_matrix
from sklearn import preprocessing, random_projection
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.impute import MissingIndicator
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

X = np.abs(np.random.default_rng(14).normal(size=(40, 3))) + 0.1
Y = np.exp(X[:, 0]) + X[:, 1]
NAN = np.where(np.eye(40, 3) > 0, np.nan, X)
NAN[:, 2] = 0.0
PROJECTING = {
    "n_components": [2],
    "density": FIT_ONLY,
    "compute_inverse_components": FIT_ONLY,
}


def _indicated(*, new: bool = False, **options: Any) -> tuple[Any, Any]:
    rows = NAN.copy()
    rows[3, 2] = np.nan if new else 0.0
    rows = np.nan_to_num(rows) if "missing_values" in options else rows
    return MissingIndicator(**options).fit(np.nan_to_num(NAN) if "missing_values" in options else NAN), rows


TWO = np.stack([Y, Y**2], axis=1)


def _target(y: Any = Y, **defaults: Any) -> Example:
    options = {"regressor": [Ridge(9.0)]} | dict.fromkeys(
        ("transformer", "func", "inverse_func", "check_inverse"), FIT_ONLY
    )
    return Example(TransformedTargetRegressor, fitting(TransformedTargetRegressor, X, y, **defaults), options)


FUNCTIONS = [np.log1p, np.exp, np.sqrt, np.abs, np.square, np.log, np.expm1, np.tanh, np.negative, np.reciprocal]
OTHERS = [np.sin, np.floor, np.sign, np.isnan, np.float32, partial(np.clip, a_min=0.0, a_max=1.0), special.expit]

EXAMPLES = [
    Example(
        preprocessing.FunctionTransformer,
        fitting(preprocessing.FunctionTransformer, X - 1.0, rows=X - 0.7),
        {
            "func": [*FUNCTIONS, *OTHERS, np.spacing, lambda x: x * 2, lambda x: x - x.mean()],
            "inverse_func": FIT_ONLY,
            "validate": HARMLESS,  # it rejects NaN and infinity, and keeps other values
            "accept_sparse": FIT_ONLY,
            "check_inverse": FIT_ONLY,
            "feature_names_out": HARMLESS,
            "kw_args": [
                ({"dtype": np.float32}, {"func": np.exp}),
                ({"a_min": 0.1, "a_max": [0.5, 1.0, 2.0]}, {"func": np.clip}),
                ({"decimals": 1}, {"func": np.round}),
                ({"where": [True, False, True]}, {"func": np.exp}),
            ],
            "inv_kw_args": FIT_ONLY,
        },
    ),
    Example(preprocessing.Binarizer, fitting(preprocessing.Binarizer, X - 0.5), {"threshold": [0.3]}, exact=True),
    Example(preprocessing.Binarizer, fitting(preprocessing.Binarizer, X.astype(np.float32), threshold=0.5), exact=True),
    Example(
        random_projection.GaussianRandomProjection,
        fitting(random_projection.GaussianRandomProjection, X, n_components=3, random_state=0),
        PROJECTING,
    ),
    Example(
        random_projection.SparseRandomProjection,
        fitting(random_projection.SparseRandomProjection, X.astype(np.float32), n_components=3, random_state=0),
        PROJECTING | {"dense_output": HARMLESS},  # the product of dense rows is dense
    ),
    Example(
        random_projection.SparseRandomProjection,
        fitting(
            random_projection.SparseRandomProjection, csr_matrix(X), n_components=2, random_state=0, dense_output=True
        ),
    ),
    Example(
        MissingIndicator,
        _indicated,
        {
            "missing_values": [(0.0, {"error_on_new": False})],
            "features": ["all"],
            "sparse": [True],
            "error_on_new": [(False, {"new": True})],
        },
        exact=True,
    ),
    _target(),
    _target(func=np.log1p, inverse_func=np.expm1),
    _target(regressor=Ridge(), transformer=preprocessing.StandardScaler()),
    _target(regressor=Ridge(), transformer=preprocessing.MinMaxScaler()),
    _target(transformer=preprocessing.MaxAbsScaler()),
    _target(transformer=preprocessing.QuantileTransformer(n_quantiles=9)),
    _target(TWO, transformer=preprocessing.RobustScaler()),
    _target(TWO, transformer=preprocessing.QuantileTransformer(n_quantiles=9)),
    _target(TWO, transformer=preprocessing.QuantileTransformer(n_quantiles=20, output_distribution="normal")),
    _target(Y - 1.0, transformer=preprocessing.PowerTransformer()),
    _target(np.exp(Y), transformer=preprocessing.PowerTransformer(method="box-cox", standardize=False)),
    _target(np.exp(Y), transformer=make_pipeline(preprocessing.PowerTransformer("box-cox"), None, PCA(1))),
    _target(TWO, transformer=make_pipeline(preprocessing.StandardScaler(), PCA(1, whiten=True))),
    _target(TWO, transformer=TruncatedSVD(1, random_state=0)),
    _target(Y[:, None], regressor=LinearRegression(), transformer=preprocessing.StandardScaler(with_std=False)),
]
