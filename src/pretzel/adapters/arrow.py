"""Texts that lie in Arrow's memory, read where they are; the library that holds them is never imported."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.adapters.pieces import join
from pretzel.errors import InputError
from pretzel.plan.values import NAN, NONE, Texts

_OFFSETS = {"string": np.int32, "large_string": np.int64}
_REWRITTEN = ("string_view", "dictionary<values=string,", "dictionary<values=large_string,")


def is_arrow(values: Any) -> bool:
    """Whether this is an array of pyarrow, chunked or not."""
    return hasattr(values, "type") and (hasattr(values, "buffers") or hasattr(values, "chunks"))


def arrow_texts(values: Any) -> Texts | None:
    """Return a column of texts, None where it is no Arrow column of them.

    A null of Arrow is None, as ``to_pylist`` has it; one in a column of pandas is that column's own missing value.
    """
    if is_arrow(values):
        return _texts(values, NONE)
    if hasattr(values, "to_arrow"):
        try:
            return _texts(values.to_arrow(), NONE)
        except ImportError:  # polars hands its columns to pyarrow, where that is installed
            return None
    dtype = getattr(values, "dtype", None)
    if getattr(dtype, "storage", None) == "pyarrow" or hasattr(dtype, "pyarrow_dtype"):
        return _texts(getattr(values, "array", values).__arrow_array__(), NAN)
    return None


def arrow_numbers(values: Any) -> np.ndarray:
    """Return a column of numbers; a null is NaN.

    Raises:
        InputError: they are decimals, which are no floats.
    """
    refuse_decimals(values.type)
    array: np.ndarray = values.to_numpy(zero_copy_only=False)
    return array


def refuse_decimals(kind: Any) -> None:
    """Refuse a column whose type is called a decimal: what float each stands for is for its owner to say.

    Raises:
        InputError: it is one.
    """
    if str(kind).lower().startswith("decimal"):
        raise InputError(f"expected numbers, got {kind}; cast them to float64 first")


def _texts(array: Any, mark: int) -> Texts | None:
    kind = str(array.type)
    if kind.startswith(_REWRITTEN):
        array, kind = array.cast("large_string"), "large_string"
    if kind not in _OFFSETS:
        return None
    parts = [_chunk(chunk, _OFFSETS[kind], mark) for chunk in getattr(array, "chunks", [array])]
    if any(part is None for part in parts):
        return None
    joined = join([part for part in parts if part is not None] or [Texts.of([])])
    return joined if isinstance(joined, Texts) else None


def _chunk(chunk: Any, offsets_type: type, mark: int) -> Texts | None:
    validity, offsets, data = chunk.buffers()
    if offsets is None or data is None:  # an empty column needs no memory
        return Texts.of(chunk.to_pylist()) if mark == NONE or not chunk.null_count else None
    bounds: np.ndarray = np.frombuffer(offsets, offsets_type)[chunk.offset : chunk.offset + len(chunk) + 1]
    lengths = np.diff(bounds).astype(np.uint32)
    bytes_ = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    if not chunk.null_count:
        return Texts(bytes_, lengths)
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
    absent = bits[chunk.offset : chunk.offset + len(chunk)] == 0
    # Arrow lets a null have bytes; texts here do not.
    return None if lengths[absent].any() else Texts(bytes_, lengths, absent.astype(np.uint8) * np.uint8(mark))
