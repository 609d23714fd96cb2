"""Calibrated classifiers with folds that saw fewer than all classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.semi_supervised import SelfTrainingClassifier

import pretzel

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(180, 3))
NEW = RANDOM.normal(size=(60, 3))  # no row on a knot of an isotonic curve


def labels(classes: int) -> np.ndarray:
    """Return sorted labels, so that a fold without shuffling lacks some."""
    cuts = np.linspace(-1, 1, classes - 1)
    return np.sort(np.digitize(X[:, 0] + np.random.default_rng(1).normal(size=180), cuts))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("classes", [3, 4])
@pytest.mark.parametrize("folds", [2, 3])
@pytest.mark.parametrize("of", [LogisticRegression(), GaussianNB()])
def test_folds_that_lack_classes(of: Any, folds: int, classes: int, method: str) -> None:
    model = CalibratedClassifierCV(of, method=method, cv=KFold(folds)).fit(X, labels(classes))
    assert any(len(fold.estimator.classes_) < classes for fold in model.calibrated_classifiers_)
    np.testing.assert_allclose(
        pretzel.compile(model).predict_proba(NEW), model.predict_proba(NEW), rtol=1e-6, atol=1e-9
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize("of", [LogisticRegression(), GaussianNB()])
def test_a_label_that_self_training_takes_for_none(of: Any, ensemble: bool, method: str) -> None:
    model = CalibratedClassifierCV(SelfTrainingClassifier(of), method=method, cv=2, ensemble=ensemble)
    model.fit(X, labels(3) - 1)  # -1 is unlabelled to the classifier, and a class to the calibration
    np.testing.assert_allclose(
        pretzel.compile(model).predict_proba(NEW), model.predict_proba(NEW), rtol=1e-6, atol=1e-9
    )


def test_isotonic_curves_of_a_fold_that_lacks_classes_are_noted() -> None:
    model = CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=KFold(3)).fit(X, labels(3))
    with pytest.warns(pretzel.AnswersMayDifferWarning, match="isotonic curve"):
        pretzel.compile(model)
