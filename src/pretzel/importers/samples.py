"""Properties of a model's inputs from a sample: types, categories, dates, and table or array."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from numbers import Number
from typing import Any

import numpy as np

from pretzel.importers.inputs import MATRIX
from pretzel.importers.settled import Settled
from pretzel.plan.definition import Definition
from pretzel.plan.types import DTYPE_NAMES, TEXT, ValueType, dense, is_small, sparse


def settled(sample: Any) -> Settled:
    """Return the input types of a sample: by name, as one matrix, or by position if the kinds are mixed."""
    if isinstance(sample, Settled):
        return sample
    objects = isinstance(sample, np.ndarray) and sample.dtype.kind == "O"
    kinds = _kinds_by_position(sample) if objects else {}
    if len({kind.is_text for kind in kinds.values()}) > 1:
        return Settled(kinds, by_position=True, frame=False)
    frame = None if sample is None else is_table(sample)
    categorical = frozenset(_categorical(sample))
    names = tuple(_names(sample)) if frame else None
    known = Settled(_types(sample), categorical, frame=frame, dates=_dates(sample), single=_is_single(sample))
    return replace(known, names=names, text_types=_text_types(sample))


def _is_single(sample: Any) -> bool:
    """Return whether NumPy converts a pandas table to float32: it holds float32, and otherwise only small integers."""
    if not hasattr(sample, "iloc") or not _is_frame(sample):
        return False
    kinds = list(sample.dtypes)
    return np.dtype(np.float32) in kinds and all(kind == np.float32 or is_small(kind) for kind in kinds)


def kinds_of(sample: Any, *, sparse: bool = False) -> Settled | None:
    """Return the kinds of the inputs (text, number, category), all numbers as float64.  None without a sample.

    ``sparse``: a sparse sample means sparse rows, otherwise dense ones.
    """
    if sample is None:
        return None
    known = settled(sample)
    types = {
        name: kind if kind.is_text else ValueType("f64", kind.width, kind.layout if sparse else "dense")
        for name, kind in known.types.items()
    }
    return replace(known, types=types, single=False)


def settled_by_position(sample: Any) -> Settled:
    """Return the types of each column of an array, or of a table that is read as an array."""
    if isinstance(sample, Settled):
        return replace(sample, types={}, by_position=True)
    categorical = set(_categorical(sample))
    places = frozenset(str(i) for i, name in enumerate(getattr(sample, "columns", ())) if str(name) in categorical)
    return Settled(_kinds_by_position(sample), places, by_position=True, frame=is_table(sample))


def _kinds_by_position(sample: Any) -> dict[str, ValueType]:
    arrays = {str(i): column for i, column in enumerate(_columns(sample))}
    return {name: dense(_element(array)) for name, array in arrays.items() if not _is_blank(array)}


def _columns(sample: Any) -> list[np.ndarray]:
    """Return the columns of a table or of a dense matrix in order; empty for other samples."""
    if hasattr(sample, "iloc") and _is_frame(sample):
        return [np.asarray(sample.iloc[:, i]) for i in range(sample.shape[1])]  # names may repeat
    if hasattr(sample, "column_names") or _is_frame(sample):
        return [np.asarray(sample[name]) for name in getattr(sample, "column_names", sample.columns)]
    if sample is None or hasattr(sample, "tocsr"):
        return []
    array = np.asarray(sample, object if isinstance(sample, (list, tuple)) else None)
    return list(array.T) if array.ndim == 2 else []


def _is_nullable(column: Any) -> bool:
    """Return whether a column has a pandas extension dtype with a missing value, such as Int64."""
    return hasattr(getattr(column, "dtype", None), "na_value")


def _types(sample: Any) -> dict[str, ValueType]:
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
        return {}  # rows of different lengths, whose type the steps decide
    return {MATRIX: dense(_element(array), array.shape[1] if array.ndim == 2 else None)}


def _categorical(sample: Any) -> list[str]:
    """Return the columns of a DataFrame that are pandas categories."""
    if not hasattr(sample, "iloc") or not _is_frame(sample):
        return []
    return [
        str(name) for name, dtype in zip(sample.columns, sample.dtypes, strict=True) if hasattr(dtype, "categories")
    ]


def _dates(sample: Any) -> dict[str, str]:
    """Return the columns of a table that hold dates or time spans, and their types."""
    if not hasattr(sample, "iloc") or not _is_frame(sample):
        return {}
    types = zip(sample.columns, sample.dtypes, strict=True)
    return {str(name): str(dtype) for name, dtype in types if getattr(dtype, "kind", "") in ("M", "m")}


def _text_types(sample: Any) -> dict[str, str]:
    """Return the types of the columns of a pandas table, or of a series, that may hold texts."""
    if not hasattr(sample, "iloc"):
        return {}
    types = zip(sample.columns, sample.dtypes, strict=True) if _is_frame(sample) else [(MATRIX, sample.dtype)]
    return {str(name): str(dtype) for name, dtype in types if str(dtype) in ("object", "str", "string")}


def integer_columns(sample: Any, definition: Definition) -> dict[str, np.ndarray]:
    """Return the values of a sample for each numeric input, as arrays of integers or other types."""
    names = definition.metadata["input_names"]
    if sample is None or isinstance(sample, Settled) or hasattr(sample, "tocsr"):
        return {}
    if definition.metadata["input_style"] == "matrix":
        return {names[0]: np.asarray(sample)}
    if definition.metadata["input_style"] == "frame" and is_table(sample):
        given = _given_names(sample)
        return {name: np.asarray(sample[given[name]]) for name in names if name in given}
    ordered = definition.metadata.get("feature_names") or list(map(str, range(definition.metadata.get("columns", 0))))
    return dict(zip(ordered, _columns(sample), strict=False))


def categories_read(sample: Any, definition: Definition) -> dict[str, str]:
    """Return the kind of values of a sample in each input of categories sent as texts: ``bool``, ``int`` or ``str``."""
    names = definition.metadata.get("integers_as_text") or ()
    if sample is None or isinstance(sample, Settled) or not names:
        return {}
    held = {name: _category(array) for name, array in _arrays_by_input(sample, definition).items() if name in names}
    return {name: kind for name, kind in held.items() if kind}


def _arrays_by_input(sample: Any, definition: Definition) -> dict[str, np.ndarray]:
    if definition.metadata["input_style"] == "frame" and is_table(sample):
        given = _given_names(sample)
        return {name: np.asarray(sample[given[name]]) for name in definition.metadata["input_names"] if name in given}
    columns = _columns(sample)
    return dict(zip(definition.metadata.get("feature_names") or map(str, range(len(columns))), columns, strict=False))


def _category(array: np.ndarray) -> str:
    """Return the kind of all values of a column; an empty text for several kinds, or another kind."""
    kinds = {"b": "bool", "i": "int", "u": "int", "U": "str"}
    if array.dtype != object:
        return kinds.get(array.dtype.kind, "")
    seen = {kinds.get(np.asarray(value).dtype.kind, "") for value in array.ravel().tolist()}
    return seen.pop() if len(seen) == 1 else ""


def holds_nullable(sample: Any, names: Iterable[str]) -> bool:
    """Return whether one of these columns of a pandas table has an extension dtype, which becomes float in arrays."""
    wanted = set(names)
    return _is_frame(sample) and any(
        _is_nullable(sample[given]) for name, given in _given_names(sample).items() if name in wanted
    )


def is_polars(sample: Any) -> bool:
    """Return whether a sample is a polars table, whose integers no step reads by their type alone."""
    return _is_frame(sample) and type(sample).__module__.partition(".")[0] == "polars"


def is_table(sample: Any) -> bool:
    """Return whether a sample is a pandas, polars or Arrow table."""
    return _is_frame(sample) or hasattr(sample, "column_names")


def _names(sample: Any) -> list[str]:
    return [str(name) for name in getattr(sample, "column_names", sample.columns)]


def _given_names(sample: Any) -> dict[str, Any]:
    """Return the names of the columns of a table, which may be integers, by their texts."""
    return {str(name): name for name in getattr(sample, "column_names", sample.columns)}


def _is_frame(sample: Any) -> bool:
    """Return whether this is a DataFrame; a pandas Series has ``dtypes`` too, but not ``columns``."""
    return hasattr(sample, "columns") and hasattr(sample, "dtypes")


def _is_blank(array: np.ndarray) -> bool:
    """Return whether a column has no value that shows its kind: a column of missing texts may be all NaN."""
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
