"""The metadata of a definition: how clients split X into inputs, and a description of the model."""

from __future__ import annotations

import importlib
import unicodedata
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.given_tables import names_by_library, names_by_lightgbm, order_of
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import served_as
from pretzel.plan.types import TEXT, TOKENS


def metadata_of(
    estimator: Any, x: Columns, inputs: Inputs, names: list[str], about_outputs: dict[str, Any]
) -> dict[str, Any]:
    """Return the metadata of a model.

    ``names`` are its inputs in order, ``about_outputs`` the metadata from :mod:`pretzel.importers.optional`.
    """
    kind = type(estimator)
    reads_text = any(node.type.is_text for node in inputs.used.values())
    for form in inputs.records.values():
        if inputs.repeats == "refused" and form.get("loose"):  # a repeated name makes two entries
            form["distinct"] = True
    optional = {
        "feature_names": list(x.names or ()),
        "columns": inputs.width if inputs.by_position else None,
        "integers_as_text": sorted(inputs.written_out),
        "records": inputs.records,
        **_storage(inputs),
        "spelled": sorted(inputs.spelled),
        "apart": inputs.apart,
        "dictionary_nulls": _dictionary_nulls(kind, x, inputs),
        **_order(estimator, x),
        "spaces": "_" if x.names and names_by_lightgbm(estimator) and any("_" in name for name in x.names) else None,
        "absent": "missing" if inputs.absent_is_missing else None,
        "integers": inputs.integers,
        "decodes": {name: None if form is None else list(form) for name, form in inputs.decodes().items()},
        "unicode": unicodedata.unidata_version if reads_text else None,  # answers depend on its character classes
        **about_outputs,
        "classes_dtype": _classes_dtype(getattr(estimator, "classes_", None)),
    }
    return {
        "estimator": getattr(estimator, "stands_for", None) or f"{kind.__module__}.{kind.__qualname__}",
        "library": getattr(estimator, "written_by", None) or _library(served_as(kind)),
        "input_style": _style(x, inputs),
        "input_names": [name for name in names if name in _shared(inputs)],
        **{key: value for key, value in optional.items() if value},
        **inputs.metadata,
    }


def _order(estimator: Any, x: Columns) -> dict[str, Any]:
    """Return how clients treat a table with reordered columns, and the names of columns that are read by position."""
    named = [] if x.names else names_by_library(estimator)
    return {"order": "strict" if named else order_of(estimator) if x.names else None, "order_names": named}


def _dictionary_nulls(kind: type, x: Columns, inputs: Inputs) -> str | None:
    """Return ``refused`` for nulls in Arrow dictionaries, which scikit-learn's arrays read as the last category."""
    reads_columns = _style(x, inputs) in ("frame", "matrix", "positions")
    return "refused" if reads_columns and _library(served_as(kind)).startswith("sklearn") else None


def _storage(inputs: Inputs) -> dict[str, Any]:
    """Return how clients read the stored entries of a sparse matrix."""
    numeric = [node.type for node in inputs.used.values() if node.type.layout != "ragged" and not node.type.is_text]
    is_dense = any(kind.layout == "dense" for kind in numeric)
    repeats = inputs.repeats
    if repeats == "refused by dense":
        repeats = "refused" if is_dense else "float64"
    return {
        "dense_only": inputs.dense_only if is_dense else None,
        "zeros_apart": inputs.zeros_apart if numeric else None,
        "sparse_columns": inputs.sparse_columns if numeric and inputs.zeros_apart else None,
        "stored_zeros": inputs.stored_zeros if is_dense else None,
        "repeats": repeats if numeric else None,
        "ascending": inputs.ascending if numeric else None,
    }


def _shared(inputs: Inputs) -> list[str]:
    """Return the inputs that do not belong to a single method."""
    own = {name for form in inputs.apart.values() for name in form["inputs"]}
    return [name for name in inputs.used if name not in own]


def _classes_dtype(classes: Any) -> str | None:
    if isinstance(classes, list) and classes:  # one array per target, all of the same type
        classes = classes[0]
    if not isinstance(classes, np.ndarray):
        return None
    return "object" if classes.dtype == object else classes.dtype.str


def _library(kind: type) -> str:
    library = kind.__module__.partition(".")[0]
    return f"{library} {getattr(importlib.import_module(library), '__version__', '')}".strip()


def _style(x: Columns, inputs: Inputs) -> str:
    """Return how a client splits X: into columns by name or by position, or by the kind of the one input."""
    if x.names:
        return "frame"
    if inputs.by_position:
        return "positions"
    if inputs.records:
        return "records"
    kinds = [inputs.used[name].type for name in _shared(inputs)]
    return "texts" if kinds == [TEXT] else "lists" if kinds == [TOKENS] else "matrix"
