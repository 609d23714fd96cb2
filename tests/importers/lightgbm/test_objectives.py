"""Predictions for each LightGBM objective, in memory and from a text file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

import pretzel
from pretzel.errors import UnsupportedError
from pretzel.importers import export
from pretzel.importers.lightgbm.native import read
from pretzel.importers.lightgbm.objectives import OBJECTIVES
from tests.importers.lightgbm.examples import CLASSES, COUNTS, FEW, X, Y
from tests.importers.sklearn.frames import assert_serves

TARGETS: dict[str, Any] = {
    "binary": Y > 0,
    "cross_entropy": 1 / (1 + np.exp(-Y)),
    "cross_entropy_lambda": 1 / (1 + np.exp(-Y)),
    "lambdarank": CLASSES,
    "multiclass": CLASSES,
    "multiclassova": CLASSES,
    "rank_xendcg": CLASSES,
}
SIGMOID = {"sigmoid": 1.7}
ROOTS = {"reg_sqrt": True}
FURTHER = [("binary", SIGMOID), ("multiclassova", SIGMOID), *((name, ROOTS) for name in ("regression", "fair", "mape"))]
ROUNDS = {"n_estimators": 60, "early_stopping_rounds": 2}


def trained(objective: str, **options: Any) -> lightgbm.Booster:
    y = np.asarray(TARGETS.get(objective, COUNTS), float)
    classes = {"num_class": 3} if objective.startswith("multiclass") else {}
    group = [40, 80] if "rank" in objective else None
    parameters = {**FEW, "objective": objective, **classes, **options}
    return lightgbm.train(parameters, lightgbm.Dataset(X, y, group=group))


@pytest.mark.parametrize(("objective", "options"), [*((name, {}) for name in OBJECTIVES if name), *FURTHER], ids=str)
def test_objective(objective: str, options: dict[str, Any], tmp_path: Path) -> None:
    booster = trained(objective, **options)
    assert_serves(booster, X, exact=True)
    booster.save_model(tmp_path / "model.txt")
    predictor = pretzel.compile(tmp_path / "model.txt")
    np.testing.assert_allclose(predictor.predict(X), booster.predict(X), rtol=8 * np.finfo(float).eps, atol=0)


@pytest.mark.parametrize("boosting", ["dart", "rf"])
@pytest.mark.parametrize("target", [Y > 0, CLASSES], ids=["two", "three"])
def test_boosting_type(boosting: str, target: np.ndarray) -> None:
    sampled = {"subsample": 0.5, "subsample_freq": 1, "drop_rate": 0.9, "skip_drop": 0.0}
    estimator = lightgbm.LGBMClassifier(boosting_type=boosting, **sampled, **FEW).fit(X, target)
    assert_serves(estimator, X, exact=True)


def test_predictions_use_the_best_iteration() -> None:
    estimator = lightgbm.LGBMClassifier(**{**FEW, **ROUNDS}).fit(
        X[:60], CLASSES[:60], eval_set=[(X[60:], CLASSES[60:])]
    )
    assert 2 < estimator.best_iteration_ < 60
    assert_serves(estimator, X, exact=True)
    estimator.booster_.best_iteration = 2  # fewer than the trees of the booster
    assert_serves(estimator.booster_, X, exact=True)


@pytest.mark.parametrize("labels", [[True, False], [3, -7], ["é", "z"]], ids=str)
def test_labels_of_any_type(labels: list[Any]) -> None:
    estimator = lightgbm.LGBMClassifier(**FEW).fit(X, np.array(labels)[(Y > 0).astype(int)])
    assert_serves(estimator, X, exact=True)


def test_unknown_objectives_are_refused() -> None:
    text = trained("regression").model_to_string().replace("objective=regression", "objective=regression_l7")
    with pytest.raises(UnsupportedError, match="the objective 'regression_l7' is not supported; use one of binary"):
        export(read(text.encode()))


def test_linear_leaves_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="its leaves are linear models; train it with linear_tree=False"):
        export(trained("regression", linear_tree=True))
