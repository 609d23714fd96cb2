"""Convert the arguments of steps to parameters and attributes: arrays, lists, numbers and texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.errors import DefinitionError
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMPY_DTYPES

_PLAIN = {"bool": np.bool_, "int": np.integer, "str": np.str_}


def parameter(value: Any) -> Parameter:
    """Return an array of numbers of its own dtype, or a list of texts, as a parameter.

    Raises:
        DefinitionError: it is neither.
    """
    if isinstance(value, Parameter):
        return value
    if isinstance(value, str):
        raise DefinitionError(f"expected an array or a list, got the text {value!r:.80}; put it into a list")
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, str) for item in value):
        return Parameter.strings(value)
    values = np.asarray(value)
    if values.dtype == object and values.ndim == 1 and all(isinstance(item, str) for item in values):
        return Parameter.strings(values.tolist())
    return Parameter.of(values)


def array_of(values: Any, dtype: str | None = None) -> Parameter:
    """Return an array or a list of texts as a parameter, of one of the types bool, i8 .. u64, f32, f64, str if given.

    Raises:
        DefinitionError: neither numbers nor texts, or an unknown type.
    """
    if dtype is None or isinstance(values, Parameter):
        return parameter(values)
    if dtype == "str":
        return strings(values)
    if dtype not in NUMPY_DTYPES:
        raise DefinitionError(f"type {dtype!r:.40} is unknown; expected str or one of {', '.join(NUMPY_DTYPES)}")
    return Parameter.of(np.asarray(values, NUMPY_DTYPES[dtype]))


def floats(value: Any, shape: tuple[int, ...] | None = None) -> Parameter:
    """Return numbers as floats: float32 stays, all others become float64; one number fills ``shape``."""
    if isinstance(value, Parameter):
        return value
    values = _numbers(value)
    values = values if values.dtype == np.float32 else values.astype(np.float64)
    return Parameter.of(np.broadcast_to(values, shape) if shape is not None and values.ndim == 0 else values)


def whole(value: Any, dtype: str = "i64") -> Parameter:
    """Return whole numbers as a parameter of an integer type.

    Raises:
        DefinitionError: a number is not whole, or does not fit the type.
    """
    if isinstance(value, Parameter):
        return value
    values = _numbers(value)
    with np.errstate(invalid="ignore"):
        result = values.astype(NUMPY_DTYPES[dtype])
    if not np.array_equal(result, values):
        raise DefinitionError(f"expected whole numbers of {dtype}, got {values.dtype} {values.ravel()[:5].tolist()}")
    return Parameter.of(result)


def strings(values: Any) -> Parameter:
    """Return texts as a parameter; there may be none.

    Raises:
        DefinitionError: an item is not a text.
    """
    if isinstance(values, Parameter):
        return values
    listed = list(values) if not isinstance(values, str) else [None]
    odd = [item for item in listed if not isinstance(item, str)]
    if odd:
        raise DefinitionError(f"expected a list of texts, got {values if odd[0] is None else odd[0]!r:.80}")
    return Parameter.strings([str(item) for item in listed])


def positions(value: Any, width: int) -> Parameter:
    """Return positions of columns as a parameter; a mask of ``width`` booleans is one of the columns to keep."""
    if isinstance(value, Parameter):
        return value
    values = np.atleast_1d(_numbers(value)) if np.size(value) else np.zeros(0, np.int64)
    if values.dtype == bool:
        if len(values) != width:
            raise DefinitionError(f"expected a mask of {width} columns, got one of {len(values)}")
        values = np.flatnonzero(values)
    return whole(np.where(values < 0, values + width, values))


def attribute(annotation: str, value: Any) -> Any:
    """Return the argument of a field in plain Python, as an operator of this annotation takes it."""
    kind = annotation.removesuffix(" | None")
    if kind.startswith("tuple["):
        inner = kind.removeprefix("tuple[").removesuffix(", ...]")
        listed = isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str)
        return tuple(attribute(inner, item) for item in value) if listed else value
    if kind == "float" and isinstance(value, (int, np.integer, np.floating)) and not isinstance(value, bool):
        return float(value)
    return value.item() if isinstance(value, _PLAIN.get(kind, ())) and isinstance(value, np.generic) else value


def _numbers(value: Any) -> np.ndarray:
    values = np.asarray(value)
    if values.dtype.kind not in "biuf":
        raise DefinitionError(f"expected numbers, got {values.dtype} {values.ravel()[:3].tolist()!r:.80}")
    return values
