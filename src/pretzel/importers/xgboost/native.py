"""The importer of XGBoost's JSON and UBJSON files, for which XGBoost itself need not be installed."""

from __future__ import annotations

from pretzel.importers.columns import Columns, Inputs
from pretzel.importers.registry import Methods, Step, given, imports
from pretzel.importers.xgboost.document import read_document
from pretzel.importers.xgboost.model import Model
from pretzel.importers.xgboost.objectives import answered
from pretzel.importers.xgboost.scores import margins


def read(data: bytes) -> Model:
    """Return the model in a JSON or UBJSON file.

    Raises:
        InputError: it is torn, or a value is not what its key promises.
    """
    return read_document(data)


@imports(Model)
def document_model(model: Model, x: Columns, step: Step) -> Methods:
    """Return what ``Booster.predict`` answers, by all rounds."""
    return {"predict": answered(model, margins(model, x, step), step)}


@given(Model)
def given_document_model(model: Model, inputs: Inputs) -> Columns:
    """Return a column for each name that the model was trained with, or a matrix."""
    return Columns.given(inputs, model.names, model.features)
