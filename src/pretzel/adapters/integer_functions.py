"""Integers of which the library would compute something else than of the same numbers as floats.

NumPy computes functions of small integers in float16 or float32, and a reciprocal or a square of integers in integers,
which truncates or wraps around.  Models compute in floats, so such integers are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pretzel.adapters.integers import is_nullable
from pretzel.errors import InputError


def refuse_integers(name: str, values: Any, metadata: Mapping[str, Any]) -> None:
    """Refuse a column of integers where a function of NumPy reads it, and gives of them other values than of floats.

    ``metadata``: of the model; ``functions`` lists for each input the functions that read it as it comes, each with
    the positions that it reads, or None for all, the kinds of NumPy's types to look at: ``iub``, or ``b`` alone
    where :mod:`pretzel.adapters.integers` knows what becomes of integers; and whether pandas applies the function to
    each column of a table by itself.

    Raises:
        InputError: naming the function and the type of the integers.
    """
    readers = (metadata.get("functions") or {}).get(name)
    if not readers:
        return
    array = np.asarray(values)
    for function, positions, kinds, *by_column in readers:
        if by_column == [True] and hasattr(values, "iloc") and array.ndim == 2:
            _check_columns(values, range(array.shape[1]) if positions is None else positions, function, kinds)
        elif array.dtype.kind in kinds:
            _check(name, array if positions is None else array[:, positions], function)


def _check_columns(table: Any, positions: Iterable[int], function: str, kinds: str) -> None:
    for i in positions:
        column = table.iloc[:, i]
        if is_nullable(column):  # which no other rule is about: the model reads an array
            kind = getattr(column.dtype, "numpy_dtype", np.dtype(object))
            column, read = column.dropna() if kind.kind in "iub" else column, "iub"
        else:
            kind, read = column.dtype, kinds
        if kind.kind in read:
            _check(str(table.columns[i]), column.to_numpy(kind), function)


def _check(name: str, array: np.ndarray, function: str) -> None:
    compute = getattr(np, function, None)
    if not isinstance(compute, np.ufunc):
        return
    try:
        with np.errstate(all="ignore"):
            if compute(array[:0]).dtype == np.float64:
                return
            same = np.array_equal(compute(array), compute(array.astype(np.float64)), equal_nan=True)
    except TypeError:
        same = False
    if not same:
        raise InputError(
            f"column {name!r}: numpy.{function} of {array.dtype} gives other values than of floats; "
            "train and predict with floats: astype(float)"
        )
