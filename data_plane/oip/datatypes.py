"""Datatypes of the protocol, and conversions between them that lose nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.inference import model_config_pb2 as config
from pretzel.plan.types import ValueType

BYTES = "BYTES"
DTYPES: dict[str, np.dtype] = {
    "BOOL": np.dtype("?"),
    "INT8": np.dtype("<i1"), "INT16": np.dtype("<i2"), "INT32": np.dtype("<i4"), "INT64": np.dtype("<i8"),
    "UINT8": np.dtype("<u1"), "UINT16": np.dtype("<u2"), "UINT32": np.dtype("<u4"), "UINT64": np.dtype("<u8"),
    "FP16": np.dtype("<f2"), "FP32": np.dtype("<f4"), "FP64": np.dtype("<f8"),
    "BF16": np.dtype("<u2"),  # not a type of NumPy: the upper half of a float32
}  # fmt: skip
"""Layout of one element in raw contents."""
DATATYPES = {dtype: name for name, dtype in DTYPES.items() if name != "BF16"}
TYPED: dict[str, str] = {
    "BOOL": "bool_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "INT64": "int64_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    BYTES: "bytes_contents",
}
"""Field of typed contents; FP16 and BF16 have none."""
_MANTISSA = {4: 24, 8: 53}
"""Bits of the integers that a float of that many bytes holds exactly."""


def datatype_of(kind: ValueType, labels: Any = None) -> str:
    """Return the datatype of values of a type; ``labels``: the table that they are codes of, or None."""
    if labels is not None:
        return DATATYPES[labels.dtype] if is_numeric(labels) else BYTES
    return BYTES if kind.is_text else DATATYPES[kind.numpy]


def is_numeric(labels: Any) -> bool:
    """Return whether labels are sent as numbers, and not as their texts."""
    return isinstance(labels, np.ndarray) and labels.dtype in DATATYPES


def number_of(datatype: str) -> int:
    """Return the number of a datatype in a model's configuration."""
    return int(config.DataType.Value("TYPE_STRING" if datatype == BYTES else f"TYPE_{datatype}"))


def widened(datatype: str, elements: np.ndarray) -> np.ndarray:
    """Return raw elements as NumPy computes with them: both 16-bit floats become float32, which holds them exactly."""
    if datatype == "BF16":
        return (elements.astype(np.uint32) << 16).view(np.float32)
    return elements.astype(np.float32) if datatype == "FP16" else elements


def converted(array: np.ndarray, target: np.dtype) -> np.ndarray | int:
    """Return an array with elements of another type, or the row of the first element that would change."""
    if array.dtype == target:
        return array
    lost = _lost(array, target)
    if lost is not None and lost.any():
        return int(lost.nonzero()[0][0])
    return array.astype(target)


Mask = Any  # NumPy's types lose the dtype of a comparison


def _lost(array: np.ndarray, target: np.dtype) -> Mask | None:
    """Return a mask of the elements that ``target`` cannot hold; None if it holds every value of the array's type."""
    source = array.dtype
    if source.kind == "b":
        return None
    if target.kind == "b":
        return (array != 0) & (array != 1)
    if target.kind == "f":
        return _lost_in_float(array, target)
    return _lost_from_float(array, target) if source.kind == "f" else _lost_in_integer(array, target)


def _lost_in_integer(array: np.ndarray, target: np.dtype) -> Mask:
    own, other = np.iinfo(array.dtype), np.iinfo(target)
    return (array < max(own.min, other.min)) | (array > min(own.max, other.max))


def _lost_from_float(array: np.ndarray, target: np.dtype) -> Mask:
    bounds = np.iinfo(target)
    inside = (array >= float(bounds.min)) & (array < float(bounds.max + 1))  # false for NaN
    return ~(inside & (array == np.floor(array)))


def _lost_in_float(array: np.ndarray, target: np.dtype) -> Mask | None:
    source, bits = array.dtype, _MANTISSA[target.itemsize]
    if source.kind == "f":
        if source.itemsize <= target.itemsize:
            return None
        with np.errstate(over="ignore"):
            return (array.astype(target) != array) & ~np.isnan(array)
    if source.itemsize * 8 <= bits:
        return None
    over = array > 2**bits
    return over if source.kind == "u" else over | (array < -(2**bits))
