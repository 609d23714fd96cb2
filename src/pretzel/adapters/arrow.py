"""Zero-copy reading of texts in Arrow memory, without importing the library that holds them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.adapters.pieces import join
from pretzel.errors import InputError
from pretzel.plan.values import NAN, NONE, Texts

_OFFSETS = {"string": np.int32, "large_string": np.int64}
_REWRITTEN = ("string_view", "dictionary<values=string,", "dictionary<values=large_string,")


def is_arrow(values: Any) -> bool:
    """Return whether this is a pyarrow array, chunked or not."""
    return hasattr(values, "type") and (hasattr(values, "buffers") or hasattr(values, "chunks"))


def arrow_texts(values: Any) -> Texts | None:
    """Return a column of texts, or None if it is not an Arrow column of texts.

    An Arrow null is None, as in ``to_pylist``; in a pandas column it is the missing value of that column.
    """
    if is_arrow(values):
        return _texts(values, NONE)
    if hasattr(values, "to_arrow"):
        try:
            return _texts(values.to_arrow(), NONE)
        except ImportError:  # polars converts through pyarrow, which may be absent
            return None
    dtype = getattr(values, "dtype", None)
    if getattr(dtype, "storage", None) == "pyarrow" or hasattr(dtype, "pyarrow_dtype"):
        return _texts(getattr(values, "array", values).__arrow_array__(), NAN)
    return None


def arrow_numbers(values: Any) -> np.ndarray:
    """Return a column of numbers; a null is NaN.

    Raises:
        InputError: the type is decimal.
    """
    reject_decimals(values.type)
    array: np.ndarray = values.to_numpy(zero_copy_only=False)
    return array


def reject_decimals(kind: Any) -> None:
    """Reject a column of decimals: the caller must choose the float type to convert to.

    Raises:
        InputError: the type is decimal.
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
    if offsets is None or data is None:  # an empty column may lack buffers
        return Texts.of(chunk.to_pylist()) if mark == NONE or not chunk.null_count else None
    bounds: np.ndarray = np.frombuffer(offsets, offsets_type)[chunk.offset : chunk.offset + len(chunk) + 1]
    lengths = np.diff(bounds).astype(np.uint32)
    bytes_ = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    if not chunk.null_count:
        return Texts(bytes_, lengths)
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
    absent = bits[chunk.offset : chunk.offset + len(chunk)] == 0
    # Arrow allows a null to have bytes; Texts does not.
    return None if lengths[absent].any() else Texts(bytes_, lengths, absent.astype(np.uint8) * np.uint8(mark))
