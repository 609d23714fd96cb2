"""The importer of XGBoost's JSON and UBJSON files; XGBoost itself need not be installed."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from pretzel.importers.answers import answers
from pretzel.importers.columns import Columns
from pretzel.importers.contributions import METHOD, PAIRS
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Methods, Step, given, imports
from pretzel.importers.xgboost.contributions import contribution_methods
from pretzel.importers.xgboost.document import read_document
from pretzel.importers.xgboost.model import Model
from pretzel.importers.xgboost.objectives import answered
from pretzel.importers.xgboost.scores import leaves, margins, terms
from pretzel.plan.types import dense


def read(data: bytes) -> Model:
    """Return the model in a JSON or UBJSON file.

    Raises:
        InputError: it is truncated, or a value is not what its key requires.
    """
    return read_document(data)


@imports(Model)
def document_model(model: Model, x: Columns, step: Step) -> Methods:
    """Return the predictions of ``Booster.predict`` over all rounds; offer leaves, contributions and interactions."""
    offer_explanations(model, x, step)
    return {"predict": answered(model, margins(model, x, step), step)}


def offer_explanations(model: Model, x: Columns, step: Step, missing: float = math.nan) -> None:
    """Offer leaves, contributions and interactions of trees; offer contributions of a linear model."""
    if model.coefficients is not None:
        step.offer(METHOD, partial(terms, model, x, step, missing))
    if model.trees:
        for method in (METHOD, PAIRS):
            step.offer(method, partial(contribution_methods, model, x, step, method, missing))
        shape = () if len(model.trees) == 1 else None  # for one tree XGBoost returns a vector
        step.offer("leaf_index", lambda: leaves(model, x, step, missing=missing), dtype="<f4", shape=shape)


@answers("leaf_index", Model)
def pred_leaf(model: Model, X: Any) -> Any:
    """Return XGBoost's own leaf indices."""
    return model.ask(X, pred_leaf=True)


@given(Model)
def given_document_model(model: Model, inputs: Inputs) -> Columns:
    """Return one column per feature name of the model, or a matrix if it has no names."""
    names = model.feature_names_in_
    return columns(inputs, None if names is None else tuple(names), model.n_features_in_)


def columns(inputs: Inputs, names: tuple[str, ...] | None, width: int) -> Columns:
    """Return the input columns of a model served alone: dense, because a stored zero is not a missing value."""
    inputs.absent_is_missing = True
    inputs.types = {name: dense(kind.dtype, kind.width) for name, kind in inputs.types.items()}
    return Columns.given(inputs, names, width)
