"""Reductions over the columns of each row: sums, means, extremes, counts."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.array_functions import elementwise, traced
from pretzel.importers.tracing.arrays import converted
from pretzel.importers.tracing.ending import mixes_rows, named
from pretzel.importers.tracing.values import Value, made
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter

SEQUENTIAL = 8
"""Columns up to which NumPy adds from left to right, in any memory order."""
FOLDS = {
    np.prod: np.multiply, np.min: np.minimum, np.max: np.maximum, np.amin: np.minimum, np.amax: np.maximum,
    np.any: np.logical_or, np.all: np.logical_and, np.nanmin: np.fmin, np.nanmax: np.fmax,
}  # fmt: skip


def _row_by_row(function: Any, x: Value, axis: Any, options: dict[str, Any]) -> None:
    if axis not in (1, -1) or x.is_vector:
        raise mixes_rows(f"{named(function)} over {'all values' if axis is None else f'axis {axis}'}")
    if any(option not in (None, np._NoValue) for option in options.values()):
        raise mixes_rows(f"{named(function)} with {next(iter(options))}=")


def total(x: Value, example: np.ndarray) -> Value:
    """Return the sum of the columns in the type of the example."""
    columns = [converted(column, example.dtype) for column in x.columns()]
    if len(columns) < SEQUENTIAL or example.dtype.kind != "f":
        return functools.reduce(functools.partial(elementwise, np.add), columns)
    wide = converted(x, example.dtype)
    every = Parameter.of(np.arange(len(columns), dtype=np.int64).reshape(1, -1))
    return made(ops.Column(ops.Reduce(wide.node, every, "sum"), 0), example)


def shaped(x: Value, keepdims: Any) -> Value:
    """Return one number per row, as a matrix of one column if asked."""
    return made(x.node, x.example[:, None]) if keepdims is True else x


@traced(np.sum)
def summed(x: Value, axis: Any = None, keepdims: Any = None, **options: Any) -> Value:
    """``numpy.sum`` over axis 1."""
    _row_by_row(np.sum, x, axis, options)
    return shaped(total(x, np.sum(x.example, axis=1)), keepdims)


@traced(np.mean)
def averaged(x: Value, axis: Any = None, keepdims: Any = None, **options: Any) -> Value:
    """``numpy.mean`` over axis 1."""
    _row_by_row(np.mean, x, axis, options)
    example = np.mean(x.example, axis=1)
    return shaped(elementwise(np.divide, total(x, example), float(x.example.shape[1])), keepdims)


@traced(np.nansum)
def summed_without_nan(x: Value, axis: Any = None, **options: Any) -> Value:
    """``numpy.nansum`` over axis 1."""
    _row_by_row(np.nansum, x, axis, options)
    return total(without_nan(x), np.nansum(x.example, axis=1))


def without_nan(x: Value) -> Value:
    """Return x with zero in place of NaN."""
    return operators.chosen(elementwise(np.isnan, x), 0.0, x) if x.dtype.kind == "f" else x


@traced(np.nanmean)
def averaged_without_nan(x: Value, axis: Any = None, **options: Any) -> Value:
    """``numpy.nanmean`` over axis 1."""
    _row_by_row(np.nanmean, x, axis, options)
    present = elementwise(np.logical_not, elementwise(np.isnan, x))
    count = total(present, np.sum(present.example, axis=1))
    return elementwise(np.divide, total(without_nan(x), np.nansum(x.example, axis=1)), count)


@traced(np.count_nonzero)
def counted(x: Value, axis: Any = None, **options: Any) -> Value:
    """``numpy.count_nonzero`` over axis 1."""
    _row_by_row(np.count_nonzero, x, axis, options)
    nonzero = made(operators.truth(x), x.example != 0)
    return total(nonzero, np.count_nonzero(x.example, axis=1))


def _folding(function: Any, ufunc: np.ufunc) -> None:
    @traced(function)
    def folded(x: Value, axis: Any = None, keepdims: Any = None, **options: Any) -> Value:
        _row_by_row(function, x, axis, options)
        columns = x.columns()
        if function is np.prod:
            columns = [converted(column, function(x.example, axis=1).dtype) for column in columns]
        elif function in (np.any, np.all):
            columns = [made(operators.truth(column), column.example != 0) for column in columns]
        return shaped(functools.reduce(functools.partial(elementwise, ufunc), columns), keepdims)


for _function, _ufunc in FOLDS.items():
    _folding(_function, _ufunc)
