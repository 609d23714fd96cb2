"""Named outputs of an executable, and their values as arrays, texts, sparse rows or labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Labels, Texts

Value = np.ndarray | Texts | Csr | Labels


@dataclass(frozen=True, slots=True)
class Output:
    """One named result: the node that computes it, and the labels its codes refer to."""

    node: int
    type: ValueType
    labels: np.ndarray | None = None


def value_of(output: Output, result: Any, *, is_input: bool = False) -> Value:
    """Return what a program returned for an output, or an input that is passed through, as a value."""
    if output.labels is not None:
        return Labels(result, output.labels)
    if output.type.layout == "sparse":
        values, indices, starts = map(_read_only, result) if is_input else result
        return Csr(values, indices, starts, output.type.columns)
    if output.type.is_text:
        if len(result) and isinstance(result[0], np.ndarray):
            data, lengths, missing = result
            return Texts(data, lengths, missing, output.type.width)
        return Texts.of(result, output.type.width)  # strings passed through unchanged
    value: np.ndarray = result
    return value


def _read_only(array: np.ndarray) -> np.ndarray:
    """Return a view through which the caller's own array cannot be changed: who must own the result copies it."""
    view = array.view()
    view.flags.writeable = False
    return view
