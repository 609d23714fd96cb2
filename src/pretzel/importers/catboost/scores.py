"""From a model and what it is given to its raw scores."""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.errors import DefinitionError, InputError
from pretzel.importers.catboost.features import compared
from pretzel.importers.catboost.heads import scaled
from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.trees import ensemble
from pretzel.importers.columns import MATRIX, Columns, Inputs, Open
from pretzel.importers.registry import Step
from pretzel.plan.node import Node


def scores(model: Model, x: Columns, step: Step) -> Node:
    """Return the raw scores, one a row or several.

    Raises:
        UnsupportedError: the model reads texts or embeddings.
        InputError: its parts do not fit together.
    """
    if model.estimated:
        reason = "features made of texts and embeddings are computed by calcers inside CatBoost"
        raise step.refuse(model.estimated, reason, "make numbers of them in a step before, and fit on those")
    try:
        matrix, splits = compared(model, x)
        return scaled(ensemble(matrix, model.trees, splits), model)
    except DefinitionError as error:
        raise InputError(f"its trees are none: {error}") from None


def given(names: Sequence[str], categories: bool, inputs: Inputs) -> Columns:
    """Return what a model by itself is given: columns by name, or one matrix where columns have none but numbers."""
    if categories or list(names) != [str(i) for i in range(len(names))]:
        return Columns(tuple(Open(inputs, name, None) for name in names), tuple(names))
    return Columns((Open(inputs, MATRIX, len(names)),))
