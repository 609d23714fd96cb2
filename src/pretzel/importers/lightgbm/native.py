"""The importer of LightGBM's text files; LightGBM itself need not be installed."""

from __future__ import annotations

from typing import Any

from pretzel.errors import InputError
from pretzel.importers.answers import answers
from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.lightgbm.contributions import contribution_methods
from pretzel.importers.lightgbm.model import Model
from pretzel.importers.lightgbm.objectives import answered
from pretzel.importers.lightgbm.scores import leaves, raw_scores
from pretzel.importers.lightgbm.text import read_text
from pretzel.importers.registry import Methods, Step, given, imports


def read(data: bytes) -> Model:
    """Return the model in a text file.

    Raises:
        InputError: it is truncated, is not UTF-8, or a line does not hold what its key requires.
    """
    try:
        return read_text(data.decode())
    except UnicodeDecodeError as error:
        raise InputError(f"invalid UTF-8 at byte {error.start}") from None


@imports(Model)
def text_model(model: Model, x: Columns, step: Step) -> Methods:
    """Return the predictions of ``Booster.predict``; offer ``pred_leaf`` and ``pred_contrib``."""
    offer_explanations(model, x, step)
    return {"predict": answered(model, raw_scores(model, x, step), step)}


def offer_explanations(model: Model, x: Columns, step: Step) -> None:
    """Offer the leaf that a row reaches in each tree and the feature contributions, if there are trees."""
    if model.trees:
        step.offer("contributions", lambda: contribution_methods(model, x, step))
        step.offer("leaf_index", lambda: leaves(model, x, step), dtype="<i4")


@answers("leaf_index", Model)
def pred_leaf(model: Model, X: Any) -> Any:
    """Return LightGBM's own leaf indices."""
    return model.ask(X, pred_leaf=True)


@given(Model)
def given_text_model(model: Model, inputs: Inputs) -> Columns:
    """Return one column per feature name of the model, or a matrix if it has no names."""
    names = model.feature_names_in_
    return columns(inputs, None if names is None else tuple(names), model.n_features_in_)


def columns(inputs: Inputs, names: tuple[str, ...] | None, width: int | None) -> Columns:
    """Return the input columns of a model; names that LightGBM rewrote are spelled as in the sample."""
    inputs.integers, inputs.repeats = "f32", "last"
    spelled = tuple(inputs.types)
    if names is not None and tuple(name.replace(" ", "_") for name in spelled) == names:
        names = spelled
    if any("_" in name for name in names or ()):
        inputs.metadata["spaces"] = "_"  # clients look up the original column names too
    if names is not None:
        inputs.metadata["order"] = "strict"  # LightGBM reads a table by position and ignores its column names
    return Columns.given(inputs, names, width)
