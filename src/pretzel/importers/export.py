"""From one fitted estimator to one definition."""

from __future__ import annotations

import importlib
import unicodedata
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns, Inputs, Open
from pretzel.importers.registry import Step, import_estimator, load_family
from pretzel.plan.definition import Definition
from pretzel.plan.types import DTYPE_NAMES, TEXT, TOKENS, ValueType, dense, sparse

MATRIX = "X"
"""Name of the input of estimators that were not fitted on a DataFrame."""


def export(estimator: Any, *, sample: Any = None) -> Definition:
    """Return the definition of a fitted estimator: its inputs, its operators, and one output for each of its methods.

    ``sample`` is data of the kind it will be given (an array, a DataFrame, a list of texts): it settles which columns
    hold texts and whether numbers are float32; without it, what the steps read decides, and numbers are float64.

    Raises:
        UnsupportedError: a step, an option or a callable cannot be served exactly; the message names the step.
    """
    load_family(type(estimator))
    inputs = Inputs(_settled(sample))
    x = _given(estimator, inputs)
    methods = import_estimator(estimator, x, Step(type(estimator).__name__.lower(), estimator))
    return Definition(methods, tuple(inputs.used.values()), _metadata(estimator, x, inputs))


def _given(estimator: Any, inputs: Inputs) -> Columns:
    estimator = _first_reader(estimator)
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        columns = tuple(str(name) for name in names)
        return Columns(tuple(Open(inputs, name, None) for name in columns), columns)
    width = getattr(estimator, "n_features_in_", None)
    settled = inputs.types.get(MATRIX)
    if settled is not None:
        width = settled.width
    return Columns((Open(inputs, MATRIX, width),))


def _first_reader(estimator: Any) -> Any:
    """Return what knows the features: of a pipeline, the first step that does not just pass them through."""
    steps = [step for _, step in getattr(estimator, "steps", ()) if step is not None and not isinstance(step, str)]
    return _first_reader(steps[0]) if steps else estimator


def _settled(sample: Any) -> dict[str, ValueType]:
    if sample is None:
        return {}
    names = getattr(sample, "column_names", None) or (sample.columns if hasattr(sample, "dtypes") else None)
    if names is not None:
        return {str(name): _column_type(sample[name]) for name in names}
    if isinstance(sample, (list, tuple)) and sample and isinstance(sample[0], str):
        return {MATRIX: TEXT}
    if hasattr(sample, "tocsr"):
        return {MATRIX: sparse(_number(sample.dtype), sample.shape[1])}
    try:
        array = np.asarray(sample)
    except ValueError:
        return {}  # rows of different lengths, which the steps that read such know
    return {MATRIX: dense(_element(array), array.shape[1] if array.ndim == 2 else None)}


def _column_type(series: Any) -> ValueType:
    return dense(_element(np.asarray(series)))


def _element(array: np.ndarray) -> str:
    if array.dtype.kind in "US" or (array.dtype == object and any(isinstance(v, str) for v in array.ravel())):
        return "str"
    return _number(array.dtype)


def _number(dtype: Any) -> str:
    return "f32" if DTYPE_NAMES.get(np.dtype(dtype)) == "f32" else "f64"


def _metadata(estimator: Any, x: Columns, inputs: Inputs) -> dict[str, Any]:
    library = type(estimator).__module__.partition(".")[0]
    metadata: dict[str, Any] = {
        "estimator": f"{type(estimator).__module__}.{type(estimator).__qualname__}",
        "library": f"{library} {getattr(importlib.import_module(library), '__version__', '')}".strip(),
        "input_style": _style(x, inputs),
        "input_names": list(inputs.used),
    }
    if x.names:
        metadata["feature_names"] = list(x.names)
    if inputs.records:
        metadata["records"] = inputs.records
    if any(node.type.is_text for node in inputs.used.values()):
        metadata["unicode"] = unicodedata.unidata_version  # whose letters and cases the answers are by
    classes = getattr(estimator, "classes_", None)
    if isinstance(classes, np.ndarray):
        metadata["classes_dtype"] = "object" if classes.dtype == object else classes.dtype.str
    return metadata


def _style(x: Columns, inputs: Inputs) -> str:
    """Say how a client cuts X: into the columns of a ``frame``, or as what the one input holds."""
    if x.names:
        return "frame"
    if inputs.records:
        return "records"
    styles: dict[ValueType | None, str] = {TEXT: "texts", TOKENS: "lists"}
    return styles.get(inputs.types.get(MATRIX), "matrix")
