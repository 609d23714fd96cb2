"""Discriminant analysis, over a few random numbers."""

from typing import Any

import numpy as np
from sklearn import covariance, discriminant_analysis

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(8)
X = _random.normal(size=(60, 4)) @ _random.normal(size=(4, 4)) + [0.0, 1.0, -1.0, 0.5]
CLASSES = np.digitize(X[:, 0] + _random.normal(size=60), [-1.0, 1.0]) * 10
NAMES = np.where(CLASSES > 0, "far", "near")
PRIORS = [0.5, 0.25, 0.25]

FITTING: dict[str, Any] = {
    "priors": [PRIORS],
    "solver": ["eigen"],
    "shrinkage": [("auto", {"solver": "eigen"}), (0.5, {"solver": "eigen"})],
    "covariance_estimator": [(covariance.OAS(), {"solver": "eigen"})],
    "store_covariance": FIT_ONLY,
}


def _of(kind: type, **options: Any) -> list[Example]:
    return [Example(kind, fitting(kind, X, y), FITTING | options) for y in (CLASSES, NAMES)]


EXAMPLES = [
    *_of(discriminant_analysis.LinearDiscriminantAnalysis, n_components=[1], solver=["lsqr", "eigen"], tol=[0.9]),
    *_of(discriminant_analysis.QuadraticDiscriminantAnalysis, reg_param=[0.3]),
]
