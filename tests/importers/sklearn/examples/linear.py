"""Linear models, over a few random numbers."""

import numpy as np
from sklearn import linear_model, svm

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(7)
X = _random.normal(size=(60, 4)) + [0.0, 1.0, -1.0, 0.5]
Y = X @ [1.0, -2.0, 0.3, 0.0] + 0.2 * _random.normal(size=60) + 3.0
MANY = np.column_stack([Y, X @ [0.0, 1.0, -1.0, 2.0] - 1.0])
POSITIVE = np.exp(0.3 * Y - 0.5)
CLASSES = np.digitize(Y, [2.0, 5.0]) * 10
SIGNS = np.where(Y > 2.0, "yes", "no")

FITTING = dict.fromkeys(
    (
        "Cs",
        "alpha_1",
        "alpha_2",
        "alpha_init",
        "alpha_per_target",
        "average",
        "criterion",
        "cv",
        "dual",
        "early_stopping",
        "fit_path",
        "gcv_mode",
        "jitter",
        "l1_ratios",
        "lambda_1",
        "lambda_2",
        "lambda_init",
        "learning_rate",
        "max_n_alphas",
        "max_subpopulation",
        "n_iter_no_change",
        "n_subsamples",
        "noise_variance",
        "power_t",
        "precompute",
        "scoring",
        "selection",
        "shuffle",
        "solver_options",
        "store_cv_results",
        "threshold_lambda",
        "use_legacy_attributes",
        "validation_fraction",
    ),
    FIT_ONLY,
)
"""Options of the solver, which do not change the meaning of coefficients."""

CHANGING = {
    "C": [0.001],
    "alpha": [0.03],
    "alphas": [[50.0, 70.0]],
    "class_weight": ["balanced"],
    "epsilon": [1.5],
    "eta0": [0.003],
    "fit_intercept": [False],
    "intercept_scaling": [7.0],
    "l1_ratio": [0.25],
    "n_nonzero_coefs": [1],
    "nu": [0.2],
    "positive": [True],
}
LINEAR = FITTING | CHANGING | {"solver": HARMLESS}  # read for what X it takes


def _regressors(*kinds: type, y: np.ndarray = Y, **options: object) -> list[Example]:
    return [Example(kind, fitting(kind, X, y), LINEAR | options) for kind in kinds]


def _classifiers(*kinds: type, defaults: dict[str, object] | None = None, **options: object) -> list[Example]:
    usual = defaults or {}
    return [Example(kind, fitting(kind, X, y, **usual), LINEAR | options) for kind in kinds for y in (CLASSES, SIGNS)]


SGD = {
    "penalty": ["l1"],
    "l1_ratio": [(0.9, {"penalty": "elasticnet"})],
    "average": [True],
    "learning_rate": ["constant"],
}
LOGISTIC = LINEAR | {
    "penalty": [("l1", {"solver": "liblinear"})],
    "l1_ratio": [(0.9, {"solver": "saga"})],
    "intercept_scaling": [(7.0, {"solver": "liblinear"})],
    "C": [0.01],
    "solver": ["liblinear", "saga"],
}
PERCEPTRON = SGD | {"alpha": [(0.03, {"penalty": "l2"})], "eta0": [(0.1, {"penalty": "l2"})]}

EXAMPLES = [
    *_regressors(
        linear_model.LinearRegression,
        linear_model.Ridge,
        linear_model.Lasso,
        linear_model.LassoCV,
        linear_model.ElasticNet,
        linear_model.ElasticNetCV,
        linear_model.Lars,
        linear_model.LarsCV,
        linear_model.LassoLars,
        linear_model.LassoLarsCV,
        linear_model.LassoLarsIC,
        linear_model.OrthogonalMatchingPursuitCV,
        linear_model.BayesianRidge,
        linear_model.ARDRegression,
        linear_model.TheilSenRegressor,
    ),
    *_regressors(linear_model.RidgeCV),
    *_regressors(linear_model.OrthogonalMatchingPursuit, n_nonzero_coefs=[3]),
    *_regressors(linear_model.HuberRegressor, epsilon=[1.05], alpha=[5.0]),
    *_regressors(linear_model.QuantileRegressor, quantile=[0.9]),
    *_regressors(svm.LinearSVR, loss=["squared_epsilon_insensitive"], epsilon=[1.5]),
    *_regressors(
        linear_model.MultiTaskLasso,
        linear_model.MultiTaskLassoCV,
        linear_model.MultiTaskElasticNet,
        linear_model.MultiTaskElasticNetCV,
        y=MANY,
    ),
    *_regressors(linear_model.LinearRegression, linear_model.Ridge, y=MANY),
    *_regressors(
        linear_model.SGDRegressor,
        loss=["huber", "epsilon_insensitive", "squared_epsilon_insensitive"],
        epsilon=[(1.5, {"loss": "huber"})],
        **SGD,
    ),
    *_regressors(linear_model.PassiveAggressiveRegressor, loss=["squared_epsilon_insensitive"], average=[True]),
    *_regressors(linear_model.PoissonRegressor, linear_model.GammaRegressor, y=POSITIVE),
    *_regressors(linear_model.TweedieRegressor, y=POSITIVE, power=[1, 1.5, 2, 3], link=["log"]),
    Example(linear_model.LogisticRegression, fitting(linear_model.LogisticRegression, X, SIGNS), LOGISTIC),
    Example(linear_model.LogisticRegression, fitting(linear_model.LogisticRegression, X, CLASSES)),
    *_classifiers(
        linear_model.LogisticRegressionCV,
        defaults={"Cs": 3, "l1_ratios": (0.0,), "use_legacy_attributes": False},
        Cs=[[0.001, 0.01]],
        penalty=FIT_ONLY,
        refit=[False],
        solver=["newton-cg"],
        intercept_scaling=FIT_ONLY,
    ),
    *_classifiers(
        svm.LinearSVC, penalty=["l1"], loss=["hinge"], multi_class=["crammer_singer"], intercept_scaling=[7.0]
    ),
    *_classifiers(linear_model.Perceptron, **PERCEPTRON),
    *_classifiers(linear_model.PassiveAggressiveClassifier, loss=["squared_hinge"], average=[True]),
    *_classifiers(linear_model.RidgeClassifier, linear_model.RidgeClassifierCV),
    *_classifiers(
        linear_model.SGDClassifier,
        loss=["log_loss", "modified_huber", "squared_hinge", "perceptron", "squared_error"],
        epsilon=[(1.5, {"loss": "epsilon_insensitive"})],
        **SGD,
    ),
    Example(linear_model.SGDOneClassSVM, fitting(linear_model.SGDOneClassSVM, X), LINEAR | SGD),
    Example(linear_model.SGDOneClassSVM, fitting(linear_model.SGDOneClassSVM, X.astype(np.float32))),
]
