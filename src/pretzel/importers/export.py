"""From one fitted estimator to one definition."""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.files import opened
from pretzel.importers.inputs import MATRIX, Inputs
from pretzel.importers.optional import with_wanted
from pretzel.importers.registry import GIVEN, Step, import_estimator, load_family
from pretzel.plan.definition import Definition
from pretzel.plan.types import DTYPE_NAMES, TEXT, TOKENS, ValueType, dense, sparse


def export(estimator: Any, *, sample: Any = None, outputs: Sequence[str] | None = None) -> Definition:
    """Return the definition of a fitted estimator: its inputs, its operators, and one output for each of its methods.

    A path stands for the model in a file of its library's own format.

    ``sample`` is data of the kind it will be given (an array, a DataFrame, a list of texts): it settles which columns
    hold texts and whether numbers are float32; without it, what the steps read decides, and numbers are float64.

    ``outputs`` names the outputs wanted: methods, and ``contributions`` or ``leaf_index`` where the estimator has them.
    Without it, there is one for each method, and those of the others that add little to what the model takes.

    Raises:
        UnsupportedError: a step, an option or a callable cannot be served exactly; the message names the step.  Or one
            of ``outputs`` is not there.
        InputError: a file is torn, or not what it seems to be.
    """
    estimator = opened(estimator)
    inputs = Inputs(_settled(sample), _categorical(sample))
    x = _given(estimator, inputs)
    step = Step(type(estimator).__name__.lower(), estimator)
    methods = import_estimator(estimator, x, step)
    found, about = with_wanted(estimator, methods, step.offers, outputs)
    return Definition(found, tuple(inputs.used.values()), _metadata(estimator, x, inputs, about))


def _given(estimator: Any, inputs: Inputs) -> Columns:
    estimator = _first_reader(estimator)
    load_family(type(estimator))
    told = GIVEN.get(type(estimator))
    if told is not None:
        return told(estimator, inputs)
    names = getattr(estimator, "feature_names_in_", None)
    columns = None if names is None else tuple(str(name) for name in names)
    return Columns.given(inputs, columns, getattr(estimator, "n_features_in_", None))


def _first_reader(estimator: Any) -> Any:
    """Return what knows the features: of a pipeline or a union, the first step that does not just pass them through."""
    named = getattr(estimator, "steps", getattr(estimator, "transformer_list", ()))
    steps = [step for _, step in named if step is not None and not isinstance(step, str)]
    inner = steps[0] if steps else getattr(estimator, "best_estimator_", None)
    return estimator if inner is None else _first_reader(inner)


def _settled(sample: Any) -> dict[str, ValueType]:
    if sample is None:
        return {}
    names = getattr(sample, "column_names", None) or (sample.columns if _is_frame(sample) else None)
    if names is not None:
        arrays = {str(name): np.asarray(sample[name]) for name in names}
        return {name: dense(_element(array)) for name, array in arrays.items() if not _is_blank(array)}
    if isinstance(sample, (list, tuple)) and sample and isinstance(sample[0], str):
        return {MATRIX: TEXT}
    if hasattr(sample, "tocsr"):
        return {MATRIX: sparse(_number(sample.dtype), sample.shape[1])}
    try:
        array = np.asarray(sample)
    except ValueError:
        return {}  # rows of different lengths, which the steps that read such know
    return {MATRIX: dense(_element(array), array.shape[1] if array.ndim == 2 else None)}


def _categorical(sample: Any) -> list[str]:
    """Return the columns of a DataFrame that pandas keeps as categories."""
    if not hasattr(sample, "iloc") or not _is_frame(sample):
        return []
    return [
        str(name) for name, dtype in zip(sample.columns, sample.dtypes, strict=True) if hasattr(dtype, "categories")
    ]


def _is_frame(sample: Any) -> bool:
    """Whether this is a DataFrame: a Series of pandas has ``dtypes`` too."""
    return hasattr(sample, "columns") and hasattr(sample, "dtypes")


def _is_blank(array: np.ndarray) -> bool:
    """Whether no value tells the kind of a column: a text that happens to be missing throughout may come as NaN."""
    if array.dtype.kind == "f":
        return array.size > 0 and bool(np.isnan(array).all())
    return array.dtype == object and not any(isinstance(v, (str, Number, np.generic)) and v == v for v in array.ravel())


def _element(array: np.ndarray) -> str:
    if array.dtype.kind in "US" or (array.dtype == object and any(isinstance(v, str) for v in array.ravel())):
        return "str"
    return _number(array.dtype)


def _number(dtype: Any) -> str:
    return "f32" if DTYPE_NAMES.get(np.dtype(dtype)) == "f32" else "f64"


def _metadata(estimator: Any, x: Columns, inputs: Inputs, about_outputs: dict[str, Any]) -> dict[str, Any]:
    kind = type(estimator)
    reads_text = any(node.type.is_text for node in inputs.used.values())
    optional = {
        "feature_names": list(x.names or ()),
        "integers_as_text": sorted(inputs.written_out),
        "records": inputs.records,
        "absent": "missing" if inputs.absent_is_missing else None,
        "integers": inputs.integers,
        "unicode": unicodedata.unidata_version if reads_text else None,  # whose letters and cases the answers are by
        **about_outputs,
        "classes_dtype": _classes_dtype(getattr(estimator, "classes_", None)),
    }
    return {
        "estimator": getattr(estimator, "stands_for", None) or f"{kind.__module__}.{kind.__qualname__}",
        "library": getattr(estimator, "written_by", None) or _library(kind),
        "input_style": _style(x, inputs),
        "input_names": list(inputs.used),
        **{key: value for key, value in optional.items() if value},
        **inputs.metadata,
    }


def _classes_dtype(classes: Any) -> str | None:
    if isinstance(classes, list) and classes:  # one table a target, all of the type of the targets
        classes = classes[0]
    if not isinstance(classes, np.ndarray):
        return None
    return "object" if classes.dtype == object else classes.dtype.str


def _library(kind: type) -> str:
    library = kind.__module__.partition(".")[0]
    return f"{library} {getattr(importlib.import_module(library), '__version__', '')}".strip()


def _style(x: Columns, inputs: Inputs) -> str:
    """Say how a client cuts X: into the columns of a ``frame``, or as what the one input holds."""
    if x.names:
        return "frame"
    if inputs.records:
        return "records"
    kinds = [node.type for node in inputs.used.values()]
    return "texts" if kinds == [TEXT] else "lists" if kinds == [TOKENS] else "matrix"
