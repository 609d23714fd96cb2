"""Convert outputs to and from the dtype and shape that the library returns.

An output is one value or one row of values per row of X.  A library may return integers as floats, or a matrix per row.
``forms`` in a definition's metadata records this: ``{output: [dtype, shape after the rows]}``, where None means no
conversion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.plan.types import ValueType

Metadata = Mapping[str, Any]


def has_form(output: str, metadata: Metadata) -> bool:
    """Return whether the library returns an output in a different form than it is sent in."""
    return output in (metadata.get("forms") or {})


def as_returned(output: str, values: np.ndarray, metadata: Metadata) -> np.ndarray:
    """Return the values of an output in the library's dtype and shape."""
    dtype, shape = (metadata.get("forms") or {}).get(output) or (None, None)
    values = values if dtype is None else _as_dtype(values, np.dtype(dtype))
    return values if shape is None else values.reshape(len(values), *shape)


def _as_dtype(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return values in another dtype; indices are not negative, so they become unsigned without a copy."""
    unsigned = dtype.kind == "u" and values.dtype.kind == "i" and dtype.itemsize == values.itemsize
    return values.view(dtype) if unsigned else values.astype(dtype, copy=False)


def as_sent(output: str, answer: Any, kind: ValueType, metadata: Metadata) -> Any:
    """Return a library's answer in the form that is sent: the inverse of :func:`as_returned`."""
    if not has_form(output, metadata):
        return answer
    rows = np.asarray(answer)
    sent = rows if metadata["forms"][output][0] is None else rows.astype(kind.numpy, copy=False)
    return sent.reshape(len(rows)) if kind.width is None else sent.reshape(len(rows), kind.width)
