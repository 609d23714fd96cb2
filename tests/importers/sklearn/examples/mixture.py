"""Gaussian mixtures and an envelope, over clouds of random numbers."""

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(42)
X = np.concatenate([_random.normal(size=(40, 3)), _random.normal(size=(30, 3)) * [1.0, 0.3, 2.0] + [2.0, 1.0, 0.0]])
FEW = {"n_components": 3, "max_iter": 20, "random_state": 0, "reg_covar": 1e-3}
KINDS = ("full", "tied", "diag", "spherical")
FITTING = {
    "covariance_type": KINDS[1:],
    "init_params": HARMLESS,
    "n_components": [1, 2],
    "reg_covar": FIT_ONLY,
    "verbose_interval": HARMLESS,
    "warm_start": HARMLESS,
}
GIVEN = dict.fromkeys(("weights_init", "means_init", "precisions_init"), FIT_ONLY)
PRIORS = dict.fromkeys(
    (
        "weight_concentration_prior",
        "mean_precision_prior",
        "mean_prior",
        "degrees_of_freedom_prior",
        "covariance_prior",
    ),
    FIT_ONLY,
) | {"weight_concentration_prior_type": ["dirichlet_distribution"]}

EXAMPLES = [
    Example(GaussianMixture, fitting(GaussianMixture, X, **FEW), FITTING | GIVEN),
    *(Example(GaussianMixture, fitting(GaussianMixture, X, covariance_type=kind, **FEW)) for kind in KINDS),
    *(
        Example(GaussianMixture, fitting(GaussianMixture, X, covariance_type=kind, rows=X.astype(np.float32), **FEW))
        for kind in KINDS
    ),
    Example(BayesianGaussianMixture, fitting(BayesianGaussianMixture, X, **FEW), FITTING | PRIORS),
    *(
        Example(BayesianGaussianMixture, fitting(BayesianGaussianMixture, X, covariance_type=kind, **FEW))
        for kind in KINDS
    ),
    *(
        Example(
            EllipticEnvelope,
            fitting(EllipticEnvelope, x, random_state=0),
            {
                "store_precision": HARMLESS,
                "assume_centered": [True],
                "support_fraction": [0.9],
                "contamination": [0.3],
            },
        )
        for x in (X, X.astype(np.float32), np.hstack([X, X[::-1], X[::-1] ** 2]))
    ),
]
