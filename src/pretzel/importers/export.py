"""From one fitted estimator to one definition."""

from __future__ import annotations

import importlib
import unicodedata
from dataclasses import replace
from numbers import Number
from typing import Any

import numpy as np

from pretzel.errors import UnsupportedError
from pretzel.importers.columns import Columns
from pretzel.importers.files import opened
from pretzel.importers.inputs import MATRIX, Inputs, Settled
from pretzel.importers.integers import Rule, all_whole, rules_of, to_be_typed
from pretzel.importers.registry import GIVEN, Step, import_estimator, load_family
from pretzel.plan.definition import Definition
from pretzel.plan.model import column_order
from pretzel.plan.types import DTYPE_NAMES, TEXT, TOKENS, ValueType, dense, sparse


def export(estimator: Any, *, sample: Any = None) -> Definition:
    """Return the definition of a fitted estimator: its inputs, its operators, and one output for each of its methods.

    A path stands for the model in a file of its library's own format.

    ``sample`` is data of the kind it will be given (an array, a DataFrame, a list of texts): it settles which columns
    hold texts and whether numbers are float32; without it, what the steps read decides, and numbers are float64.

    Raises:
        UnsupportedError: a step, an option or a callable cannot be served exactly; the message names the step.
        InputError: a file is torn, or not what it seems to be.
    """
    estimator = opened(estimator)
    definition, inputs = _exported_as_known(estimator, sample)
    if not inputs.tells_integers or inputs.reads_integers:
        return definition
    return _telling_integers(estimator, sample, definition, inputs)


def _telling_integers(estimator: Any, sample: Any, definition: Definition, inputs: Inputs) -> Definition:
    """Return a definition with the rules by which clients read integers, and inputs of integers where none suffices."""
    kinds = {name: kind for name, kind in inputs.types.items() if name in inputs.used}
    rules = {kind: _integer_rules(estimator, inputs, kinds, kind) for kind in ("array", "table")}
    if not any(rules.values()):
        return definition
    told: dict[str, Any] = {"integers_read": rules}
    if type(_first_reader(estimator)).__name__ == "ColumnTransformer":
        told["lists"] = "objects"
    given = "table" if _is_table(sample) else "array"
    typed = to_be_typed(rules[given], _integer_columns(sample, definition))
    if typed:
        whole = {name: ValueType(typed.get(name, kind.dtype), kind.width, kind.layout) for name, kind in kinds.items()}
        definition = _exported(estimator, _inputs_like(inputs, whole, given))
        told["typed"] = "any" if rules["array"] == rules["table"] else given
    return Definition(definition.outputs, definition.inputs, {**definition.metadata, **told})


def _exported_as_known(estimator: Any, sample: Any) -> tuple[Definition, Inputs]:
    """Return the definition by what a sample tells; where columns are of several kinds, with an input for each."""
    inputs = Inputs(_settled(sample))
    try:
        definition = _exported(estimator, inputs)
    except UnsupportedError:
        if not inputs.mixed:
            raise
    else:
        if not inputs.reads_some_texts:
            return definition, inputs
    inputs = Inputs(_settled_by_position(sample))
    return _exported(estimator, inputs), inputs


def _exported(estimator: Any, inputs: Inputs) -> Definition:
    x = _given(estimator, inputs)
    methods = import_estimator(estimator, x, Step(type(estimator).__name__.lower(), estimator, inputs))
    order = column_order(x.names or map(str, range(inputs.width or 0)))
    used = tuple(sorted(inputs.used.values(), key=lambda node: order(node.column)))
    return Definition(methods, used, _metadata(estimator, x, inputs, [node.column for node in used]))


def _integer_rules(estimator: Any, inputs: Inputs, kinds: dict[str, ValueType], given: str) -> list[Rule]:
    """Return what becomes of integers that come in an array, or in a table."""
    trial = _inputs_like(inputs, all_whole(kinds), given, trial=True)
    return rules_of(_exported(estimator, trial), trial)


def _inputs_like(inputs: Inputs, types: dict[str, ValueType], given: str, *, trial: bool = False) -> Inputs:
    return Inputs(Settled(types, inputs.categorical, inputs.by_position, given == "table", trial))


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


def _settled(sample: Any) -> Settled:
    """Return what a sample tells of the inputs: by name, of one matrix, or by position where its kinds are mixed."""
    if isinstance(sample, Settled):
        return sample
    objects = isinstance(sample, np.ndarray) and sample.dtype.kind == "O"
    kinds = _kinds_by_position(sample) if objects else {}
    if len({kind.is_text for kind in kinds.values()}) > 1:
        return Settled(kinds, by_position=True, frame=False)
    frame = None if sample is None else _is_table(sample)
    return Settled(_types(sample), frozenset(_categorical(sample)), frame=frame)


def _settled_by_position(sample: Any) -> Settled:
    """Return what a sample tells of each column of an array, or of a table that is read as one."""
    if isinstance(sample, Settled):
        return replace(sample, types={}, by_position=True)
    categorical = set(_categorical(sample))
    places = frozenset(str(i) for i, name in enumerate(getattr(sample, "columns", ())) if str(name) in categorical)
    return Settled(_kinds_by_position(sample), places, by_position=True, frame=_is_table(sample))


def _kinds_by_position(sample: Any) -> dict[str, ValueType]:
    arrays = {str(i): column for i, column in enumerate(_columns(sample))}
    return {name: dense(_element(array)) for name, array in arrays.items() if not _is_blank(array)}


def _columns(sample: Any) -> list[np.ndarray]:
    """Return the columns of a table or of a dense matrix in order; none of anything else."""
    if hasattr(sample, "iloc") and _is_frame(sample):
        return [np.asarray(sample.iloc[:, i]) for i in range(sample.shape[1])]  # names may be there twice
    if hasattr(sample, "column_names") or _is_frame(sample):
        return [np.asarray(sample[name]) for name in getattr(sample, "column_names", sample.columns)]
    if sample is None or hasattr(sample, "tocsr"):
        return []
    array = np.asarray(sample, object if isinstance(sample, (list, tuple)) else None)
    return list(array.T) if array.ndim == 2 else []


def _types(sample: Any) -> dict[str, ValueType]:
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


def _integer_columns(sample: Any, definition: Definition) -> dict[str, np.ndarray]:
    """Return what a sample holds of each input of numbers: columns of integers, and others, as arrays."""
    names = definition.metadata["input_names"]
    if sample is None or isinstance(sample, Settled) or hasattr(sample, "tocsr"):
        return {}
    if definition.metadata["input_style"] == "matrix":
        return {names[0]: np.asarray(sample)}
    if definition.metadata["input_style"] == "frame" and _is_table(sample):
        return {name: np.asarray(sample[name]) for name in names if name in _names(sample)}
    ordered = definition.metadata.get("feature_names") or list(map(str, range(definition.metadata.get("columns", 0))))
    return dict(zip(ordered, _columns(sample), strict=False))


def _is_table(sample: Any) -> bool:
    return _is_frame(sample) or hasattr(sample, "column_names")


def _names(sample: Any) -> list[str]:
    return [str(name) for name in getattr(sample, "column_names", sample.columns)]


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


def _metadata(estimator: Any, x: Columns, inputs: Inputs, names: list[str]) -> dict[str, Any]:
    kind = type(estimator)
    reads_text = any(node.type.is_text for node in inputs.used.values())
    optional = {
        "feature_names": list(x.names or ()),
        "columns": inputs.width if inputs.by_position else None,
        "integers_as_text": sorted(inputs.written_out),
        "records": inputs.records,
        "absent": "missing" if inputs.absent_is_missing else None,
        "integers": inputs.integers,
        "unicode": unicodedata.unidata_version if reads_text else None,  # whose letters and cases the answers are by
        "classes_dtype": _classes_dtype(getattr(estimator, "classes_", None)),
    }
    return {
        "estimator": getattr(estimator, "stands_for", None) or f"{kind.__module__}.{kind.__qualname__}",
        "library": getattr(estimator, "written_by", None) or _library(kind),
        "input_style": _style(x, inputs),
        "input_names": names,
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
    """Say how a client cuts X: into columns by name or by position, or as what the one input holds."""
    if x.names:
        return "frame"
    if inputs.by_position:
        return "positions"
    if inputs.records:
        return "records"
    kinds = [node.type for node in inputs.used.values()]
    return "texts" if kinds == [TEXT] else "lists" if kinds == [TOKENS] else "matrix"
