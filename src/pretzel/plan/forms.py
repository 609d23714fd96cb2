"""The form in which a library returns an output, where it is not that of a matrix of the output's own type.

An output is one value or one row of values per row of X.  A library may return integers as floats, or a row as a
matrix.  ``forms`` in a definition's metadata says so: ``{output: [dtype, shape behind the rows]}``, where None means as
usual.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.plan.types import ValueType

Metadata = Mapping[str, Any]


def has_form(output: str, metadata: Metadata) -> bool:
    """Whether the library returns an output in another form than it travels in."""
    return output in (metadata.get("forms") or {})


def as_returned(output: str, values: np.ndarray, metadata: Metadata) -> np.ndarray:
    """Return the values of an output in the library's dtype and shape."""
    dtype, shape = (metadata.get("forms") or {}).get(output) or (None, None)
    values = values if dtype is None else _as_dtype(values, np.dtype(dtype))
    return values if shape is None else values.reshape(len(values), *shape)


def _as_dtype(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return values in another dtype; indices, which are not negative, need no copy to become unsigned."""
    unsigned = dtype.kind == "u" and values.dtype.kind == "i" and dtype.itemsize == values.itemsize
    return values.view(dtype) if unsigned else values.astype(dtype, copy=False)


def as_sent(output: str, answer: Any, kind: ValueType, metadata: Metadata) -> Any:
    """Return a library's answer as the output travels: the inverse of :func:`as_returned`."""
    if not has_form(output, metadata):
        return answer
    rows = np.asarray(answer)
    sent = rows if metadata["forms"][output][0] is None else rows.astype(kind.numpy, copy=False)
    return sent.reshape(len(rows)) if kind.width is None else sent.reshape(len(rows), kind.width)
