"""Raw scores of a CatBoost model over its input columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pretzel.errors import DefinitionError, InputError
from pretzel.importers.catboost.contributions import contribution_methods
from pretzel.importers.catboost.features import compared
from pretzel.importers.catboost.heads import scaled
from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.trees import ensemble, leaf_index
from pretzel.importers.columns import Columns
from pretzel.importers.contributions import METHOD
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Step
from pretzel.plan.node import Node


def scores(model: Model, x: Columns, step: Step) -> Node:
    """Return the raw scores, one or several per row; offer leaves and SHAP values.

    Raises:
        UnsupportedError: the model has no trees, or reads texts or embeddings, or more columns than it is given.
    """
    if not len(model.trees.sizes):
        raise step.refuse(
            "", "it has no trees, and CatBoost predicts nothing without one", "train it with one iteration or more"
        )
    if model.estimated:
        reason = "features made of texts and embeddings are computed by calcers inside CatBoost"
        raise step.refuse(model.estimated, reason, "convert them to numbers in an earlier step, and fit on those")
    last = max((feature.flat for feature in model.columns), default=-1)
    if last >= x.width:
        raise step.refuse("", f"it reads {last + 1} columns and is given {x.width}", "pass its training columns")
    matrix, splits = compared(model, x)
    if step.is_model:  # the library has values for further columns of a table too
        step.inputs.metadata["without_others"] = [METHOD]
    step.offer(METHOD, lambda: contribution_methods(matrix, model, splits))
    step.offer("leaf_index", lambda: leaf_index(matrix, model.trees, splits), dtype="<u4")
    return scaled(ensemble(matrix, model.trees, splits), model)


@contextmanager
def whole(step: Step) -> Iterator[None]:
    """Refuse a model whose parts, each valid alone, do not fit together."""
    try:
        yield
    except (InputError, DefinitionError) as error:
        raise step.refuse("", f"its parts do not fit together: {error}", "save it again with CatBoost") from None


def given(names: Sequence[str], categories: bool, inputs: Inputs) -> Columns:
    """Return the input of a model served alone: columns by name, or one matrix if all names are numbers."""
    by_name = categories or list(names) != [str(i) for i in range(len(names))]
    return Columns.given(inputs, names if by_name else None, len(names))
