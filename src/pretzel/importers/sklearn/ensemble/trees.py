"""Importers of forests and boosted trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble

from pretzel.importers.answers import answers
from pretzel.importers.columns import Columns
from pretzel.importers.forest import Trees, joined
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.common.explained import apply, offer_explanations
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.tree import float32, fractions, means, sklearn_tree, takes_nan
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

FORESTS = (
    ensemble.ExtraTreesClassifier,
    ensemble.ExtraTreesRegressor,
    ensemble.GradientBoostingClassifier,
    ensemble.GradientBoostingRegressor,
    ensemble.RandomForestClassifier,
    ensemble.RandomForestRegressor,
)
BOOSTED = (ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor)
answers("leaf_index", *FORESTS)(apply)
reads_entries(*FORESTS, alike=False)
widens(*BOOSTED)
reads_thresholds(*BOOSTED)
reads_thresholds(*FORESTS, single=True)

RANDOM = ("stratified", "uniform")
CATEGORY_WORDS = 8  # per bit set of a histogram tree: 256 categories


@imports(ensemble.RandomForestClassifier, ensemble.ExtraTreesClassifier)
def forest_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the mean of the trees' class fractions, and the class of the largest."""
    return fractions(estimator, estimator.estimators_, x, step, allow_nan=takes_nan(estimator.estimators_[0], x))


@imports(ensemble.RandomForestRegressor, ensemble.ExtraTreesRegressor)
def forest_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the mean of the trees' values per target."""
    allow_nan = takes_nan(estimator.estimators_[0], x)
    return means(estimator, estimator.estimators_, x, step, allow_nan=allow_nan)


@imports(ensemble.GradientBoostingClassifier)
def gradient_boosting_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the summed scores, their probabilities, and the class: the second of two at a score of zero or more."""
    raw = _boosted(estimator, x, step, shape=estimator.estimators_.shape)
    halved = type(estimator._loss).__name__ == "ExponentialLoss"  # its scores are half the log odds
    odds = ops.Affine(raw, Parameter.of(np.array([2.0]))) if halved else raw
    return _scored(estimator, raw, odds, inclusive=True, step=step)


@imports(ensemble.GradientBoostingRegressor)
def gradient_boosting_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the initial value plus the trees' scaled values."""
    return {"predict": _boosted(estimator, x, step, shape=estimator.estimators_.shape[:1])}


@imports(ensemble.HistGradientBoostingClassifier)
def histogram_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the summed scores, their probabilities, and the class: the second of two above a score of zero."""
    raw = _histogram(estimator, x, step)
    return _scored(estimator, raw, raw, inclusive=False, step=step)


@imports(ensemble.HistGradientBoostingRegressor)
def histogram_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the summed scores, or their exponential if the loss has a logarithmic link."""
    raw = _histogram(estimator, x, step)
    link = type(estimator._loss.link).__name__
    if link not in ("IdentityLink", "LogLink"):
        raise step.refuse("loss", f"its link {link} is not supported", "use another loss")
    return {"predict": ops.Elementwise(raw, "exp") if link == "LogLink" else raw}


def _scored(estimator: Any, raw: Node, odds: Node, *, inclusive: bool, step: Step) -> Methods:
    """Return the methods of a classifier with one score, or one per class."""
    codes: Node
    if raw.type.width is None:
        codes, proba = ops.Threshold(raw, 0.0, inclusive), ops.Link(odds, "sigmoid_pair")
    else:
        codes, proba = ops.ArgMax(raw), ops.Link(odds, "softmax")
    methods = {
        "predict": labelled(codes, estimator.classes_, step),
        "predict_proba": proba,
        "decision_function": raw,
    }
    return (
        methods | {"predict_log_proba": ops.Link(proba, "log")} if hasattr(estimator, "predict_log_proba") else methods
    )


def _boosted(estimator: Any, x: Columns, step: Step, shape: tuple[int, ...]) -> Node:
    """Return the initial score plus each tree's values times the learning rate, classes in order in each round."""
    rounds, classes = estimator.estimators_.shape
    group = np.tile(np.arange(classes, dtype=np.int32), rounds) if classes > 1 else None
    matrix, fitted = float32(estimator, x, allow_nan=False), estimator.estimators_.ravel().tolist()
    trees = [sklearn_tree(t, estimator.learning_rate * t.tree_.value[:, 0, 0]) for t in fitted]
    summed = joined(matrix, trees, base=_initial(estimator, step), group=group)
    if step.is_model:  # its apply reads columns in order, because its trees do not store column names
        step.inputs.metadata["in_order"] = ["apply", "leaf_index"]
    offer_explanations(estimator, summed, trees, step, dtype="<f8", shape=shape)
    return summed


def _initial(estimator: Any, step: Step) -> np.ndarray:
    """Return the initial score of boosting, which does not depend on the row."""
    init = estimator.init_
    if not isinstance(init, str) and (type(init).__module__ != "sklearn.dummy" or init.strategy in RANDOM):
        raise step.refuse("init", "its initial scores depend on the row", "leave init at None or 'zero'")
    row = np.zeros((1, estimator.n_features_in_), np.float32)
    return np.asarray(estimator._raw_predict_init(row)[0], np.float64)


def _histogram(estimator: Any, x: Columns, step: Step) -> Node:
    """Return the baseline plus each tree's values, classes in order in each round."""
    if x.is_sparse:
        raise step.refuse(
            "", "it rejects sparse matrices", "make the step before it give a dense one", about_input=True
        )
    rounds = estimator._predictors
    classes = len(rounds[0]) if rounds else estimator.n_trees_per_iteration_
    group = np.tile(np.arange(classes, dtype=np.int32), len(rounds)) if classes > 1 else None
    base = np.asarray(estimator._baseline_prediction, np.float64).reshape(-1)
    trees = [_histogram_tree(predictor) for predictors in rounds for predictor in predictors]
    summed = joined(_encoded(estimator, x, step), trees, base=base, group=group)
    shape = (len(rounds), classes) if classes > 1 else None
    offer_explanations(estimator, summed, trees, step, features=_features(estimator), shape=shape)
    return summed


def _features(estimator: Any) -> np.ndarray:
    """Return the feature of each column that histogram trees read: categories come first."""
    if estimator._preprocessor is None:
        return np.arange(estimator.n_features_in_)
    return np.concatenate([np.flatnonzero(estimator.is_categorical_), np.flatnonzero(~estimator.is_categorical_)])


def _encoded(estimator: Any, x: Columns, step: Step) -> Node:
    """Return the matrix that histogram trees read: categories as codes first, then the numbers."""
    if estimator._preprocessor is None:
        return x.numbers("f64")
    encoder = estimator._preprocessor.named_transformers_["encoder"]
    categorical = np.flatnonzero(estimator.is_categorical_).tolist()
    numeric = np.flatnonzero(~estimator.is_categorical_).tolist()
    codes = step.transform("categorical_features", encoder, x.select(categorical))
    return ops.Concat((codes, x.select(numeric).numbers("f64"))) if numeric else codes


def _histogram_tree(predictor: Any) -> Trees:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    left = np.where(leaf, -1, nodes["left"].astype(np.int64))
    right = nodes["right"].astype(np.int64)
    missing_left = nodes["missing_go_to_left"].astype(bool)
    sets = predictor.raw_left_cat_bitsets
    categorical = nodes["is_categorical"].astype(bool) & ~leaf
    ranges = np.column_stack(
        [nodes["bitset_idx"].astype(np.int64) * CATEGORY_WORDS, np.full(len(nodes), CATEGORY_WORDS)]
    )
    ranges = np.where(categorical[:, None], ranges, 0)
    threshold = np.where(categorical, 0.0, nodes["num_threshold"])
    cover = nodes["count"].astype(np.float64)
    return Trees(
        nodes["feature_idx"], threshold, left, right, missing_left, nodes["value"], sets.ravel(), ranges, cover
    )
