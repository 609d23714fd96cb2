"""RANSAC, over numbers of which some are far off."""

import numpy as np
from sklearn import linear_model

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(2)
X = _random.normal(size=(60, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.1 * _random.normal(size=60) + np.where(np.arange(60) % 5 == 0, 20.0, 0.0)
NEVER = dict.fromkeys(
    (
        "is_data_valid",
        "is_model_valid",
        "loss",
        "max_skips",
        "max_trials",
        "min_samples",
        "stop_n_inliers",
        "stop_probability",
        "stop_score",
    ),
    FIT_ONLY,
)

EXAMPLES = [
    Example(
        linear_model.RANSACRegressor,
        fitting(linear_model.RANSACRegressor, X, Y, random_state=0),
        NEVER | {"estimator": [(linear_model.Ridge(5.0), {"min_samples": 10})], "residual_threshold": [0.1]},
    ),
    Example(
        linear_model.RANSACRegressor,
        fitting(linear_model.RANSACRegressor, X, np.column_stack([Y, Y - 1.0]), random_state=0),
    ),
]
