"""Importers of LightGBM's estimators and its ``Booster``, through the model text that the booster writes."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np

from pretzel.importers.answers import answers
from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.lightgbm.model import Model
from pretzel.importers.lightgbm.native import columns, offer_explanations, text_model
from pretzel.importers.lightgbm.objectives import answered
from pretzel.importers.lightgbm.scores import raw_scores
from pretzel.importers.lightgbm.text import read_text
from pretzel.importers.registry import Methods, Step, adapts, given, imports
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.plan import ops

ESTIMATORS = (lightgbm.LGBMClassifier, lightgbm.LGBMRegressor, lightgbm.LGBMRanker, lightgbm.LGBMModel)
OFF = ("none", "false", "0", "-")


@adapts(lightgbm.Booster)
def as_text(estimator: lightgbm.Booster) -> Model:
    """Return the model that a booster writes as text: its trees up to the best iteration, if there is one."""
    return read_text(estimator.model_to_string())


reads_thresholds(lightgbm.LGBMClassifier, lightgbm.LGBMModel, lightgbm.LGBMRanker, lightgbm.LGBMRegressor, single=True)


@imports(lightgbm.LGBMRegressor, lightgbm.LGBMRanker, lightgbm.LGBMModel)
def regressor(estimator: lightgbm.LGBMModel, x: Columns, step: Step) -> Methods:
    """Return the predictions of the booster."""
    _check(estimator, step)
    return text_model(as_text(estimator.booster_), x, step)


@imports(lightgbm.LGBMClassifier)
def classifier(estimator: lightgbm.LGBMClassifier, x: Columns, step: Step) -> Methods:
    """Return probabilities and the most probable class; with a custom objective, raw scores for both."""
    _check(estimator, step)
    model = as_text(estimator.booster_)
    offer_explanations(model, x, step)
    scores = raw_scores(model, x, step)
    answer = answered(model, scores, step)
    raw = {"decision_function": scores} if hasattr(estimator, "decision_function") else {}
    if callable(estimator.objective_):
        return {"predict": answer, "predict_proba": answer} | raw
    proba = ops.Link(answer, "complement_pair") if answer.type.width is None else answer
    return {"predict": labelled(ops.ArgMax(proba), estimator.classes_, step), "predict_proba": proba} | raw


@answers("contributions", *ESTIMATORS)
def pred_contrib(estimator: lightgbm.LGBMModel, X: Any) -> Any:
    """Return LightGBM's own contributions; it returns one sparse matrix per class for sparse rows."""
    result = estimator.predict(X, pred_contrib=True)
    return np.hstack([part.toarray() for part in result]) if isinstance(result, list) else dense(result)


def dense(matrix: Any) -> Any:
    """Return a dense or sparse matrix as a dense array."""
    return matrix.toarray() if hasattr(matrix, "toarray") else matrix


@answers("leaf_index", *ESTIMATORS)
def pred_leaf(estimator: lightgbm.LGBMModel, X: Any) -> Any:
    """Return LightGBM's own leaf indices."""
    return estimator.predict(X, pred_leaf=True)


@given(lightgbm.LGBMClassifier, lightgbm.LGBMRegressor, lightgbm.LGBMRanker, lightgbm.LGBMModel)
def given_estimator(estimator: lightgbm.LGBMModel, inputs: Inputs) -> Columns:
    """Return one column per feature name if the estimator was fitted on a table."""
    names = getattr(estimator, "feature_names_in_", None)
    width = getattr(estimator, "n_features_in_", None)
    return columns(inputs, None if names is None else tuple(map(str, names)), width)


def _check(estimator: lightgbm.LGBMModel, step: Step) -> None:
    if not estimator.__sklearn_is_fitted__():
        raise step.refuse("", "it is not fitted", "fit it first")
    if str(estimator.get_params().get("pred_early_stop")).lower() not in OFF:
        remedy = "leave it out, or set it to False"
        raise step.refuse("pred_early_stop", "it stops adding trees once the class seems settled", remedy)
