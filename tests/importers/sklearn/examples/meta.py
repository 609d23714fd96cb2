"""Estimators made of others: votes, stacks, bags, chains and calibration, around small models."""

import numpy as np
from sklearn import ensemble, multiclass, multioutput
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting
from tests.importers.sklearn.examples.trees import GROWING

_random = np.random.default_rng(23)
X = _random.normal(size=(90, 4))
Y = X[:, 0] - 2.0 * X[:, 1] * X[:, 2] + 0.3 * _random.normal(size=90)
NAMES = np.where(Y > 0.3, "warm", "cold")
KINDS = np.array(["cold", "mild", "warm"])[np.digitize(Y, [-0.7, 0.7])]
CODES = np.digitize(Y, [-0.7, 0.7]) * 10
MANY = np.column_stack([Y, X[:, 3] * X[:, 0]])
LABELS = np.column_stack([Y > 0, X[:, 3] > X[:, 1], Y < X[:, 2]]).astype(int)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
LOGISTIC = LogisticRegression()
CLASSIFIERS = [("line", LOGISTIC), ("tree", TREE), ("other", RidgeClassifier())]
SOFT = CLASSIFIERS[:2]
REGRESSORS = [("line", LinearRegression()), ("tree", DecisionTreeRegressor(max_depth=3, random_state=0))]

BAGGED = {
    "bootstrap": [False],
    "bootstrap_features": [True],
    "max_features": [0.5],
    "max_samples": [0.3],
    "n_estimators": [2],
    "oob_score": FIT_ONLY,
}
CHAINED = {"order": [[1, 0, 2]], "cv": [3]}
CALIBRATED = {"cv": FIT_ONLY, "ensemble": [False], "estimator": [TREE], "method": ["temperature", "isotonic"]}


def steepest_calibration(fitted):
    """Return the steepest slope of an isotonic calibration, the factor on rounding errors of a score."""
    curves = [one for fold in fitted.calibrated_classifiers_ for one in fold.calibrators]
    slopes = [np.diff(one.y_thresholds_) / np.diff(one.X_thresholds_) for one in curves]
    return max(1.0, *(slope.max(initial=0.0) for slope in slopes))


EXAMPLES = [
    Example(
        ensemble.VotingClassifier,
        fitting(ensemble.VotingClassifier, X, KINDS, estimators=CLASSIFIERS),
        {
            "estimators": [SOFT],
            "voting": [("soft", {"estimators": SOFT})],
            "weights": [[1, 2, 4], ([0.3, 0.7], {"voting": "soft", "estimators": SOFT})],
            "flatten_transform": [(False, {"voting": "soft", "estimators": SOFT})],
        },
    ),
    Example(
        ensemble.VotingClassifier,
        fitting(ensemble.VotingClassifier, X, NAMES, estimators=[*SOFT, ("none", "drop")], voting="soft"),
    ),
    Example(
        ensemble.VotingRegressor,
        fitting(ensemble.VotingRegressor, X, Y, estimators=REGRESSORS),
        {"estimators": [REGRESSORS[:1]], "weights": [[1, 3]]},
    ),
    Example(
        ensemble.StackingClassifier,
        fitting(ensemble.StackingClassifier, X, KINDS, estimators=CLASSIFIERS, cv=2),
        {
            "estimators": [SOFT],
            "final_estimator": [TREE],
            "cv": FIT_ONLY,
            "stack_method": ["predict"],
            "passthrough": [True],
        },
    ),
    Example(
        ensemble.StackingClassifier,
        fitting(ensemble.StackingClassifier, X, NAMES, estimators=[*SOFT, ("none", "drop")], cv=2),
    ),
    Example(
        ensemble.StackingRegressor,
        fitting(ensemble.StackingRegressor, X, Y, estimators=REGRESSORS, cv=2),
        {"estimators": [REGRESSORS[:1]], "final_estimator": [Ridge(3.0)], "cv": FIT_ONLY, "passthrough": [True]},
    ),
    Example(
        ensemble.BaggingClassifier,
        fitting(ensemble.BaggingClassifier, X, KINDS, estimator=TREE, n_estimators=4, random_state=0),
        BAGGED | {"estimator": [RidgeClassifier(), LOGISTIC]},
    ),
    Example(
        ensemble.BaggingClassifier,  # whose members have not all seen every class
        fitting(ensemble.BaggingClassifier, X, CODES, estimator=TREE, n_estimators=6, max_samples=3, random_state=0),
    ),
    Example(
        ensemble.BaggingRegressor,
        fitting(ensemble.BaggingRegressor, X, Y, estimator=REGRESSORS[1][1], n_estimators=4, random_state=0),
        BAGGED | {"estimator": [Ridge()]},
    ),
    Example(
        ensemble.BaggingRegressor,
        fitting(ensemble.BaggingRegressor, X, Y, estimator=LinearRegression(), n_estimators=3, random_state=0),
    ),
    Example(
        ensemble.AdaBoostClassifier,
        fitting(ensemble.AdaBoostClassifier, X, KINDS, n_estimators=5, random_state=0),
        {"estimator": [TREE], "n_estimators": [2], "learning_rate": [0.3]},
    ),
    Example(ensemble.AdaBoostClassifier, fitting(ensemble.AdaBoostClassifier, X, NAMES, n_estimators=5)),
    Example(
        ensemble.AdaBoostRegressor,
        fitting(ensemble.AdaBoostRegressor, X, Y, n_estimators=7, random_state=0),
        {
            "estimator": [Ridge()],
            "n_estimators": [2],
            "learning_rate": [0.1],
            "loss": ["square", "exponential"],
        },
    ),
    Example(
        multiclass.OneVsRestClassifier,
        fitting(multiclass.OneVsRestClassifier, X, KINDS, estimator=LOGISTIC),
        {"estimator": [TREE, RidgeClassifier(), LinearRegression()]},
    ),
    Example(multiclass.OneVsRestClassifier, fitting(multiclass.OneVsRestClassifier, X, NAMES, estimator=LOGISTIC)),
    Example(multiclass.OneVsRestClassifier, fitting(multiclass.OneVsRestClassifier, X, LABELS, estimator=LOGISTIC)),
    Example(multiclass.OneVsRestClassifier, fitting(multiclass.OneVsRestClassifier, X, LABELS, estimator=TREE)),
    Example(
        multiclass.OneVsOneClassifier,
        fitting(multiclass.OneVsOneClassifier, X, KINDS, estimator=LOGISTIC),
        {"estimator": [TREE, RidgeClassifier()]},
    ),
    Example(multiclass.OneVsOneClassifier, fitting(multiclass.OneVsOneClassifier, X, NAMES, estimator=TREE)),
    Example(
        multiclass.OutputCodeClassifier,
        fitting(multiclass.OutputCodeClassifier, X, KINDS, estimator=LOGISTIC, random_state=12),
        {"estimator": [TREE], "code_size": [3.0]},
    ),
    Example(
        multiclass.OutputCodeClassifier,  # one of whose classifiers would have all classes on one side
        fitting(multiclass.OutputCodeClassifier, X, KINDS, estimator=LOGISTIC, random_state=0),
    ),
    Example(
        multiclass.OneVsRestClassifier,  # with a label that no row has
        fitting(multiclass.OneVsRestClassifier, X, LABELS * [1, 1, 0], estimator=LOGISTIC),
    ),
    Example(multiclass._ConstantPredictor, fitting(multiclass._ConstantPredictor, X, np.array([1]))),
    Example(
        multioutput.MultiOutputRegressor,
        fitting(multioutput.MultiOutputRegressor, X, MANY, estimator=LinearRegression()),
        {"estimator": [REGRESSORS[1][1]]},
    ),
    Example(
        multioutput.MultiOutputClassifier,
        fitting(multioutput.MultiOutputClassifier, X, LABELS * 10, estimator=LOGISTIC),
        {"estimator": [TREE]},
    ),
    Example(
        multioutput.MultiOutputClassifier,
        fitting(multioutput.MultiOutputClassifier, X, np.column_stack([NAMES, KINDS]), estimator=TREE),
    ),
    Example(
        multioutput.RegressorChain,
        fitting(multioutput.RegressorChain, X, MANY, estimator=REGRESSORS[1][1]),
        CHAINED | {"estimator": [Ridge()], "order": [[1, 0]], "cv": FIT_ONLY},
    ),
    Example(
        multioutput.ClassifierChain,
        fitting(multioutput.ClassifierChain, X, LABELS, estimator=LOGISTIC),
        CHAINED | {"estimator": [TREE], "chain_method": ["predict_proba", "decision_function"]},
    ),
    Example(
        CalibratedClassifierCV,
        fitting(CalibratedClassifierCV, X, KINDS, estimator=LOGISTIC, cv=2),
        CALIBRATED,
    ),
    Example(CalibratedClassifierCV, fitting(CalibratedClassifierCV, X, NAMES, estimator=TREE, cv=2)),
    *(
        Example(
            CalibratedClassifierCV,
            fitting(CalibratedClassifierCV, x, y, estimator=one, cv=2, method="isotonic"),
            amplifies=steepest_calibration if x.dtype == np.float32 else lambda fitted: 1.0,
        )
        for x in (X, X.astype(np.float32))
        for y in (NAMES, KINDS)
        for one in (TREE, LOGISTIC)
    ),
    Example(
        CalibratedClassifierCV,
        fitting(CalibratedClassifierCV, X, NAMES, estimator=TREE, cv=2, method="temperature"),
    ),
    Example(
        CalibratedClassifierCV,
        fitting(CalibratedClassifierCV, X, NAMES, estimator=RidgeClassifier(), cv=2, method="temperature"),
    ),
    Example(
        SelfTrainingClassifier,
        fitting(SelfTrainingClassifier, X, np.where(np.arange(90) % 3, CODES, -1), estimator=LOGISTIC),
        {"estimator": [TREE], "threshold": FIT_ONLY, "criterion": FIT_ONLY, "k_best": FIT_ONLY},
    ),
    Example(
        ensemble.IsolationForest,
        fitting(ensemble.IsolationForest, X, n_estimators=5, random_state=0),
        BAGGED | {"bootstrap": [True], "contamination": [0.2]},
    ),
    Example(
        ensemble.RandomTreesEmbedding,
        fitting(ensemble.RandomTreesEmbedding, X, n_estimators=4, random_state=0),
        GROWING | {"max_depth": [2], "max_leaf_nodes": [3], "min_samples_leaf": [9], "sparse_output": [False]},
    ),
]
