"""Importers of CatBoost's estimators, each read from the bytes that CatBoost would save."""

from __future__ import annotations

from typing import Any

from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from pretzel.importers.answers import answers
from pretzel.importers.catboost import heads
from pretzel.importers.catboost.cbm import read_cbm
from pretzel.importers.catboost.model import Model, shap_values
from pretzel.importers.catboost.scores import given, scores, whole
from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.registry import given as gives
from pretzel.importers.rounding import reads_thresholds
from pretzel.plan.node import Node

reads_entries(
    CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor, alike=False
)  # the library rejects a row that stores a column twice


reads_thresholds(CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor, single=True)


@imports(CatBoostClassifier)
def classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return classes, probabilities and the raw scores."""
    with whole(step):
        model, raw = _read(estimator, x, step)
        return heads.classifier(raw, model, step)


@imports(CatBoostRegressor)
def regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the predictions that the loss derives from the raw scores."""
    _, raw = _read(estimator, x, step)
    return heads.regressor(raw, estimator._get_default_prediction_type())


@imports(CatBoostRanker, CatBoost)
def raw_scores(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the raw scores, as ``predict`` does."""
    _, raw = _read(estimator, x, step)
    return {"predict": raw}


@answers("contributions", CatBoostClassifier, CatBoostRegressor, CatBoostRanker, CatBoost)
def own_shap_values(estimator: Any, X: Any) -> Any:
    """Return CatBoost's own SHAP values."""
    return shap_values(estimator, X)


@answers("leaf_index", CatBoostClassifier, CatBoostRegressor, CatBoostRanker, CatBoost)
def calc_leaf_indexes(estimator: Any, X: Any) -> Any:
    """Return CatBoost's own leaf indices."""
    return estimator.calc_leaf_indexes(X)


@gives(CatBoostClassifier, CatBoostRegressor, CatBoostRanker, CatBoost)
def columns(estimator: Any, inputs: Inputs) -> Columns:
    """Return the columns that the estimator was fitted on."""
    if not estimator.is_fitted():
        return Columns(())
    return given(estimator.feature_names_, bool(estimator.get_cat_feature_indices()), inputs)


def _read(estimator: Any, x: Columns, step: Step) -> tuple[Model, Node]:
    if not estimator.is_fitted():
        raise step.refuse("", "it is not fitted", "fit it first")
    with whole(step):
        model = read_cbm(estimator._serialize_model())
        if x.further and not x.frame:  # it takes an array of more columns, and reads the first ones
            step.inputs.metadata["others"] = "refused"
        return model, scores(model, x, step)
