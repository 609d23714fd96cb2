"""Ensembles of imbalanced-learn, which predict as those of scikit-learn that they derive from."""

from __future__ import annotations

from typing import Any

from imblearn import ensemble

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.ensemble.adaboost import adaboost_classifier
from pretzel.importers.sklearn.ensemble.bagging import bagging_classifier
from pretzel.importers.sklearn.ensemble.trees import forest_classifier

reads_thresholds(ensemble.BalancedRandomForestClassifier, single=True)


@imports(ensemble.BalancedRandomForestClassifier)
def balanced_forest(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the methods of a forest whose trees were grown on resampled rows."""
    return forest_classifier(estimator, x, step)


@imports(ensemble.BalancedBaggingClassifier, ensemble.EasyEnsembleClassifier)
def balanced_bagging(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the methods of a bag of pipelines, each a sampler and a classifier."""
    return bagging_classifier(estimator, x, step)


@imports(ensemble.RUSBoostClassifier)
def rus_boost(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the methods of adaptive boosting on resampled rows."""
    return adaboost_classifier(estimator, x, step)
