"""Conversions between element types."""

from __future__ import annotations

import onnx

from pretzel.importers.onnx.pairs import cast
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.values import Extents, Lines, Rows, Value
from pretzel.plan.types import DTYPE_NAMES

TEXT = onnx.TensorProto.STRING


def dtype_of(number: int) -> str:
    """Return the name of an element type of ONNX.

    Raises:
        ValueError: plans do not have this type.
    """
    if number == TEXT:
        return "str"
    try:
        return DTYPE_NAMES[onnx.helper.tensor_dtype_to_np_dtype(number).newbyteorder("<")]
    except (KeyError, AttributeError):
        names = onnx.TensorProto.DataType
        name = names.Name(number) if number in names.values() else str(number)
        raise ValueError(f"the type {name} is not served; use FLOAT, DOUBLE, INT64, BOOL or STRING") from None


@converts("", "Cast")
def to_type(site: Site) -> Value:
    """Convert values to another type; float to integer truncates, as in C."""
    site.without_effect("saturate", "round_mode")  # of 8-bit floats, which are refused
    value = site.value(0)
    target = site.attribute("to")
    number = onnx.TensorProto.DataType.Value(target) if isinstance(target, str) else int(target)
    if isinstance(value, Extents):
        return value
    if isinstance(value, Lines):
        return Lines(_cast(site, value.rows, dtype_of(number)))
    return _cast(site, site.rows(0), dtype_of(number))


def _cast(site: Site, x: Rows, dtype: str) -> Rows:
    if x.dtype == dtype:
        return x
    if "str" in (x.dtype, dtype):
        raise site.refuse(f"it casts {x.dtype} to {dtype}", "keep texts as texts and numbers as numbers")
    return x.of(cast(x.node if dtype in ("f32", "f64") else x.dense, dtype))
