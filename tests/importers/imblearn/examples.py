"""Pipelines with samplers, and ensembles over resampled rows, fitted on classes of unequal sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
from imblearn import FunctionSampler, ensemble
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting
from tests.importers.sklearn.examples.trees import GROWING

_random = np.random.default_rng(5)
X = _random.normal(size=(90, 4))
Y = X[:, 0] - 2.0 * X[:, 1] * X[:, 2] + 0.3 * _random.normal(size=90)
NAMES = np.where(Y > 1.0, "rare", "usual")
KINDS = np.array(["low", "middle", "high"])[np.digitize(Y, [-2.0, 1.0])]
NEW = 1.2 * X[::-1] + 0.1
LOGISTIC = LogisticRegression()
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
SAMPLED = {
    "n_estimators": [2],
    "replacement": [True],
    "sampling_strategy": [("all", {"replacement": True}), 0.9],
}


def first_half(x: Any, y: Any) -> Any:
    return x[::2], y[::2]


def _pipeline(*steps: Any) -> list[tuple[str, Any]]:
    return [(type(step).__name__.lower(), step) for step in steps]


SCALED = _pipeline(StandardScaler(), SMOTE(random_state=0), LOGISTIC)
EXAMPLES = [
    Example(
        Pipeline,
        lambda **options: (Pipeline(**{"steps": SCALED, **options}).fit(X, NAMES), NEW),
        {
            "steps": [
                _pipeline(RandomUnderSampler(random_state=0), TREE),
                _pipeline(FunctionSampler(func=first_half), StandardScaler(), LOGISTIC),
            ],
            "transform_input": FIT_ONLY,
            "memory": FIT_ONLY,
        },
    ),
    Example(
        Pipeline,
        lambda: (Pipeline(_pipeline(RandomOverSampler(random_state=0), StandardScaler())).fit(X, NAMES), NEW),
    ),
    Example(
        ensemble.BalancedRandomForestClassifier,
        fitting(ensemble.BalancedRandomForestClassifier, X, NAMES, rows=NEW, n_estimators=5, random_state=0),
        GROWING
        | SAMPLED
        | {
            "criterion": ["entropy"],
            "bootstrap": [True],
            "max_samples": [(0.3, {"bootstrap": True})],
            "max_features": [1, None],
            "replacement": FIT_ONLY,
            "class_weight": [{"rare": 9.0, "usual": 0.5}],
            "monotonic_cst": FIT_ONLY,
            "sampling_strategy": [0.9],
        },
    ),
    Example(
        ensemble.BalancedRandomForestClassifier,
        fitting(ensemble.BalancedRandomForestClassifier, X, KINDS, rows=NEW, n_estimators=5, random_state=0),
    ),
    Example(
        ensemble.BalancedBaggingClassifier,
        fitting(ensemble.BalancedBaggingClassifier, X, NAMES, rows=NEW, n_estimators=3, random_state=0, estimator=TREE),
        SAMPLED
        | {
            "estimator": [LOGISTIC],
            "bootstrap": [False],
            "bootstrap_features": [True],
            "max_features": [0.5],
            "max_samples": [0.6],
            "oob_score": FIT_ONLY,
            "sampler": [SMOTE(random_state=0)],
            "sampling_strategy": [0.9],
        },
    ),
    Example(
        ensemble.BalancedBaggingClassifier,
        fitting(ensemble.BalancedBaggingClassifier, X, KINDS, n_estimators=2, random_state=0, estimator=LOGISTIC),
    ),
    Example(
        ensemble.EasyEnsembleClassifier,
        fitting(ensemble.EasyEnsembleClassifier, X, NAMES, rows=NEW, n_estimators=2, random_state=0),
        SAMPLED | {"n_estimators": [1], "estimator": [TREE], "sampling_strategy": [0.9]},
    ),
    Example(
        ensemble.RUSBoostClassifier,
        fitting(ensemble.RUSBoostClassifier, X, NAMES, rows=NEW, n_estimators=4, random_state=0),
        SAMPLED | {"estimator": [TREE], "learning_rate": [0.3], "algorithm": HARMLESS, "sampling_strategy": [0.9]},
    ),
    Example(
        ensemble.RUSBoostClassifier,
        fitting(ensemble.RUSBoostClassifier, X, KINDS, rows=NEW, n_estimators=4, random_state=0, estimator=TREE),
    ),
]
