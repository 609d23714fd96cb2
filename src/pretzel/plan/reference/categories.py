"""References of the operators on categories, by Python dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.reference.dense import impute_numbers
from pretzel.plan.values import Csr, is_none


@reference(ops.Lookup)
def lookup(node: ops.Lookup, x: Any) -> np.ndarray:
    """Return ``keys.index(value)`` for each value, or the code for missing ones."""
    keys = node.keys.texts if node.keys.dtype == "str" else node.keys.array.tolist()
    codes = {key: code for code, key in enumerate(keys)}
    values = x if isinstance(x, list) else _numbers(x)
    encoded = [_code(node, codes, value) for value in values]
    for row, code in enumerate(encoded):
        if code == ops.categories.UNKNOWN and node.refuse_unknown:
            raise InputError(
                f"row {row}: Found unknown categories [{values[row]!r}] in column {node.column} during transform"
            )
    return np.array(encoded, np.int64)


def _numbers(x: np.ndarray) -> list[Any]:
    """Return numbers as Python objects, with None for the NaN that represents it."""
    absent = is_none(x) if x.dtype.kind == "f" else np.zeros(len(x), bool)
    return [None if gone else value for value, gone in zip(x.tolist(), absent, strict=True)]


def _code(node: ops.Lookup, codes: dict[Any, int], value: Any) -> int:
    if value is None:
        return node.none_code
    if value != value:
        return node.nan_code
    return codes.get(value, ops.categories.UNKNOWN)


@reference(ops.OneHot)
def one_hot(node: ops.OneHot, codes: np.ndarray) -> Csr:
    """Return the rows of an identity matrix at the codes."""
    known = (codes >= 0) & (codes < node.width)
    starts = np.concatenate([[0], np.cumsum(known)]).astype(np.int64)
    return Csr(np.ones(int(known.sum()), node.type.numpy), codes[known].astype(np.int32), starts, node.width)


@reference(ops.Take)
def take(node: ops.Take, codes: np.ndarray) -> np.ndarray:
    """Return ``table[codes]``, and ``default`` for codes outside it."""
    table = node.table.array
    out = np.full((len(codes), *table.shape[1:]), node.default, table.dtype)
    known = (codes >= 0) & (codes < len(table))
    out[known] = table[codes[known]]
    return out


@reference(ops.Impute)
def impute(node: ops.Impute, x: Any) -> Any:
    """Return x with missing values filled, column by column."""
    if not node.x.type.is_text:
        return impute_numbers(node, x)
    fill = node.fill.texts
    if node.type.width is None:
        return [_filled(node, text, fill[0], row, 0) for row, text in enumerate(x)]
    return [[_filled(node, text, fill[j], i, j) for j, text in enumerate(row)] for i, row in enumerate(x)]


def _filled(node: ops.Impute, text: Any, fill: str, row: int, column: int) -> Any:
    is_nan = text is not None and text != text
    if node.missing_text is None and not node.missing_none:
        return fill if is_nan else text
    if is_nan:
        raise InputError(f"row {row}, column {column}: Input X contains NaN")
    return fill if text == node.missing_text else text
