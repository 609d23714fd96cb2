"""CatBoost's own files, binary and JSON: their reader, and the importer of the models they hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pretzel.importers.answers import answers
from pretzel.importers.catboost import heads
from pretzel.importers.catboost.cbm import is_cbm, read_cbm
from pretzel.importers.catboost.json_model import read_json
from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.scores import given, scores, whole
from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.registry import given as gives

reads_entries(Model, alike=False)  # the library refuses a row that stores a column twice


def read(data: bytes) -> Model:
    """Return the model in the bytes of a ``.cbm`` or a ``.json`` file.

    Raises:
        InputError: they are torn, or hold something else.
    """
    found, kind = (read_cbm(data), "cbm") if is_cbm(data) else (read_json(data), "json")
    return replace(found, file=(data, kind))


@imports(Model)
def model(found: Model, x: Columns, step: Step) -> Methods:
    """Return what the estimator answers that CatBoost would load it into: a classifier, or else a regressor."""
    with whole(step):
        raw = scores(found, x, step)
        if found.classes_ is not None:
            return heads.classifier(raw, found, step)
        return heads.regressor(raw, heads.kind_of(found))


@answers("leaf_index", Model)
def calc_leaf_indexes(found: Model, X: Any) -> Any:
    """Ask CatBoost for the leaves."""
    return found.calc_leaf_indexes(X)


@gives(Model)
def columns(found: Model, inputs: Inputs) -> Columns:
    """Return the columns that it was trained on."""
    return given(found.names, bool(found.categories), inputs)
