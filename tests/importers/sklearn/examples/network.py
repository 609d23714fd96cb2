"""Neural networks, over a few random numbers."""

import numpy as np
from scipy import sparse
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(41)
X = _random.normal(size=(60, 4))
Y = X[:, 0] - X[:, 1] * X[:, 2]
NAMES = np.where(Y > 0.3, "warm", "cold")
KINDS = np.array(["cold", "mild", "warm"])[np.digitize(Y, [-0.7, 0.7])]
LABELS = np.column_stack([Y > 0, X[:, 3] > X[:, 1], Y < X[:, 2]]).astype(int)
FEW = {"hidden_layer_sizes": (6, 5), "max_iter": 30, "random_state": 0}
TRAINING = dict.fromkeys(
    (
        "alpha",
        "batch_size",
        "beta_1",
        "beta_2",
        "early_stopping",
        "epsilon",
        "learning_rate",
        "learning_rate_init",
        "max_fun",
        "momentum",
        "n_iter_no_change",
        "nesterovs_momentum",
        "power_t",
        "shuffle",
        "solver",
        "validation_fraction",
    ),
    FIT_ONLY,
)
LAYERS = TRAINING | {"hidden_layer_sizes": [(3,), ()], "activation": ["identity", "logistic", "tanh"]}

EXAMPLES = [
    *(Example(MLPClassifier, fitting(MLPClassifier, X, y, **FEW), LAYERS) for y in (KINDS, NAMES, LABELS, Y > 0)),
    Example(MLPClassifier, fitting(MLPClassifier, X.astype(np.float32), KINDS, activation="tanh", **FEW)),
    Example(MLPClassifier, fitting(MLPClassifier, X, KINDS, rows=X.astype(np.float32), **FEW)),
    Example(MLPClassifier, fitting(MLPClassifier, sparse.csr_matrix(np.where(X > 0, X, 0)), NAMES, **FEW)),
    Example(MLPRegressor, fitting(MLPRegressor, X, Y**2, **FEW), LAYERS | {"loss": ["poisson"]}),
    Example(MLPRegressor, fitting(MLPRegressor, X, np.column_stack([Y, X[:, 0]]), activation="logistic", **FEW)),
    Example(
        BernoulliRBM,
        fitting(BernoulliRBM, (X > 0).astype(float), n_components=5, n_iter=3, random_state=0),
        {"batch_size": FIT_ONLY, "learning_rate": FIT_ONLY, "n_iter": FIT_ONLY, "n_components": [2]},
    ),
    Example(BernoulliRBM, fitting(BernoulliRBM, (X > 0).astype(np.float32), n_components=3, n_iter=3, random_state=0)),
]
