"""The reader of CatBoost's files, binary and JSON, and the importer of the models in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pretzel.importers.answers import answers
from pretzel.importers.catboost import heads
from pretzel.importers.catboost.cbm import read_cbm
from pretzel.importers.catboost.json_model import read_json
from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.recognized import is_cbm
from pretzel.importers.catboost.scores import given, scores, whole
from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.registry import given as gives

reads_entries(Model, alike=False)  # the library rejects a row that stores a column twice


def read(data: bytes) -> Model:
    """Return the model in the bytes of a ``.cbm`` or a ``.json`` file.

    Raises:
        InputError: they are truncated, or not a model.
    """
    parsed, kind = (read_cbm(data), "cbm") if is_cbm(data) else (read_json(data), "json")
    return replace(parsed, file=(data, kind))


@imports(Model)
def model(parsed: Model, x: Columns, step: Step) -> Methods:
    """Return the methods of the estimator that CatBoost would load: a classifier or a regressor."""
    with whole(step):
        raw = scores(parsed, x, step)
        if parsed.classes_ is not None:
            return heads.classifier(raw, parsed, step)
        return heads.regressor(raw, heads.kind_of(parsed))


@answers("leaf_index", Model)
def calc_leaf_indexes(parsed: Model, X: Any) -> Any:
    """Return CatBoost's own leaf indices."""
    return parsed.calc_leaf_indexes(X)


@gives(Model)
def columns(parsed: Model, inputs: Inputs) -> Columns:
    """Return the columns that the model was trained on."""
    return given(parsed.names, bool(parsed.categories), inputs)
