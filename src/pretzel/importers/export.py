"""From one fitted estimator to one definition."""

from __future__ import annotations

import importlib
import unicodedata
from numbers import Number
from typing import Any

import numpy as np

from pretzel.errors import DefinitionError, UnsupportedError
from pretzel.importers.collecting import Collecting, first_cause
from pretzel.importers.columns import Columns
from pretzel.importers.files import opened
from pretzel.importers.findings import Findings
from pretzel.importers.inputs import MATRIX, Inputs
from pretzel.importers.objects import objects_of
from pretzel.importers.registry import GIVEN, Step, import_estimator, served_as
from pretzel.plan.caveats import KEY, warn_of
from pretzel.plan.definition import Definition
from pretzel.plan.types import DTYPE_NAMES, TEXT, TOKENS, ValueType, dense, sparse


def export(estimator: Any, *, sample: Any = None) -> Definition:
    """Return the definition of a fitted estimator: its inputs, its operators, and one output for each of its methods.

    A path stands for the model in a file of its library's own format.

    ``sample`` is data of the kind it will be given (an array, a DataFrame, a list of texts): it settles which columns
    hold texts and whether numbers are float32; without it, what the steps read decides, and numbers are float64.

    Raises:
        UnsupportedError: a step, an option or a callable cannot be served exactly; the message names the step.
        InputError: a file is torn, or not what it seems to be.

    Warns:
        AnswersMayDifferWarning: answers of a step may differ from the library's; the message says which, and why.
    """
    definition = definition_of(estimator, sample=sample)
    warn_of(definition.metadata)
    return definition


def definition_of(estimator: Any, *, sample: Any = None) -> Definition:
    """Return what :func:`export` returns; where answers may differ stands in the metadata alone."""
    estimator = opened(estimator)
    try:
        return finished(Making(estimator, sample, Findings()))
    except (UnsupportedError, DefinitionError) as error:
        cause = _cause(error, estimator, sample)
        if cause is error:
            raise
        raise cause from error


class Making:
    """The parts of a definition in the making."""

    def __init__(self, estimator: Any, sample: Any, findings: Findings) -> None:
        """Import an estimator; what else is to be said of its steps goes to ``findings``."""
        self.estimator, self.findings = estimator, findings
        self.inputs = Inputs(_settled(sample), _categorical(sample))
        self.inputs.dates = _dates(sample)
        self.x = _given(estimator, self.inputs)
        self.methods = import_estimator(
            estimator, self.x, Step(type(estimator).__name__.lower(), estimator, findings, inputs=self.inputs)
        )


def finished(made: Making) -> Definition:
    """Return the definition of what was made."""
    metadata = _metadata(made.estimator, made.x, made.inputs)
    if objects := objects_of(made.methods):
        metadata["objects"] = objects
    if made.findings.notes:
        metadata[KEY] = [note.as_map() for note in made.findings.notes]
    return Definition(made.methods, tuple(made.inputs.used.values()), metadata)


def _cause(error: Exception, estimator: Any, sample: Any) -> Exception:
    """Return the error to raise: a step that is refused for what it is comes before one that cannot read its input."""
    told = getattr(error, "refusal", None)
    if told is not None and not told.about_input:
        return error
    findings = Collecting()
    try:
        Making(estimator, sample, findings)
    except Exception:  # which is no better than the first
        return error
    cause = first_cause(findings.refusals) if findings.refusals else None
    if cause is None or (cause.about_input and not isinstance(error, UnsupportedError)):
        return error
    truer = UnsupportedError(str(cause))
    truer.refusal = cause
    return truer


def _given(estimator: Any, inputs: Inputs) -> Columns:
    estimator = _first_reader(estimator)
    told = GIVEN.get(served_as(type(estimator)))
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
        arrays = {str(name): np.asarray(sample[name]) for name in names if str(name) not in _dates(sample)}
        return {name: dense(_element(array)) for name, array in arrays.items() if not _is_blank(array)}
    if isinstance(sample, (list, tuple)) and sample and isinstance(sample[0], (str, bytes)):
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


def _dates(sample: Any) -> dict[str, str]:
    """Return the columns of a table that hold dates or spans of time, and their types."""
    if not hasattr(sample, "iloc") or not _is_frame(sample):
        return {}
    types = zip(sample.columns, sample.dtypes, strict=True)
    return {str(name): str(dtype) for name, dtype in types if getattr(dtype, "kind", "") in ("M", "m")}


def _is_frame(sample: Any) -> bool:
    """Whether this is a DataFrame: a Series of pandas has ``dtypes`` too."""
    return hasattr(sample, "columns") and hasattr(sample, "dtypes")


def _is_blank(array: np.ndarray) -> bool:
    """Whether no value tells the kind of a column: a text that happens to be missing throughout may come as NaN."""
    if array.dtype.kind == "f":
        return array.size > 0 and bool(np.isnan(array).all())
    return array.dtype == object and not any(
        isinstance(v, (str, bytes, Number, np.generic)) and v == v for v in array.ravel()
    )


def _element(array: np.ndarray) -> str:
    if array.dtype.kind in "US" or (array.dtype == object and any(isinstance(v, (str, bytes)) for v in array.ravel())):
        return "str"
    return _number(array.dtype)


def _number(dtype: Any) -> str:
    return "f32" if DTYPE_NAMES.get(np.dtype(dtype)) == "f32" else "f64"


def _metadata(estimator: Any, x: Columns, inputs: Inputs) -> dict[str, Any]:
    kind = type(estimator)
    reads_text = any(node.type.is_text for node in inputs.used.values())
    for form in inputs.records.values():
        if inputs.repeats == "refused" and form.get("loose"):  # a name may come twice, and makes two entries
            form["distinct"] = True
    optional = {
        "feature_names": list(x.names or ()),
        "integers_as_text": sorted(inputs.written_out),
        "records": inputs.records,
        **_storage(inputs),
        "spelled": sorted(inputs.spelled),
        "apart": inputs.apart,
        "absent": "missing" if inputs.absent_is_missing else None,
        "integers": inputs.integers,
        "decodes": {name: None if form is None else list(form) for name, form in inputs.decodes().items()},
        "unicode": unicodedata.unidata_version if reads_text else None,  # whose letters and cases the answers are by
        "classes_dtype": _classes_dtype(getattr(estimator, "classes_", None)),
    }
    return {
        "estimator": getattr(estimator, "stands_for", None) or f"{kind.__module__}.{kind.__qualname__}",
        "library": getattr(estimator, "written_by", None) or _library(served_as(kind)),
        "input_style": _style(x, inputs),
        "input_names": _shared(inputs),
        **{key: value for key, value in optional.items() if value},
        **inputs.metadata,
    }


def _storage(inputs: Inputs) -> dict[str, Any]:
    """Return how a client is to read what a sparse matrix stores."""
    numeric = [node.type for node in inputs.used.values() if node.type.layout != "ragged" and not node.type.is_text]
    is_dense = any(kind.layout == "dense" for kind in numeric)
    repeats = inputs.repeats
    if repeats == "refused by dense":
        repeats = "refused" if is_dense else None
    return {
        "zeros_apart": inputs.zeros_apart if is_dense else None,
        "stored_zeros": inputs.stored_zeros if is_dense else None,
        "repeats": repeats if numeric else None,
    }


def _shared(inputs: Inputs) -> list[str]:
    """Return the inputs that are not a single method's own."""
    own = {name for form in inputs.apart.values() for name in form["inputs"]}
    return [name for name in inputs.used if name not in own]


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
    kinds = [inputs.used[name].type for name in _shared(inputs)]
    return "texts" if kinds == [TEXT] else "lists" if kinds == [TOKENS] else "matrix"
