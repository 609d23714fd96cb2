"""Operators that select, slice, split and concatenate columns."""

from __future__ import annotations

from math import prod

import numpy as np

from pretzel.importers.onnx.pairs import cast
from pretzel.importers.onnx.registry import KEEP_ROWS, Site, converts
from pretzel.importers.onnx.values import (
    Extents,
    Lines,
    Rows,
    Value,
    check_dimensions,
    check_numbers,
    concat,
    constant,
)
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TOKENS

END = 2**31 - 1
MOST_COLUMNS = 2048
"""Limit on the columns of a one-hot code; its table has twice as many rows."""


@converts("", "Concat")
def concatenated(site: Site) -> Value:
    """Concatenate values along a dimension of the row."""
    axis = site.integer("axis", 1)
    values = [site.value(i) for i in range(len(site.inputs))]
    if any(isinstance(value, Extents) for value in values):
        return _joined_extents(site, values)
    first = next(value for value in values if isinstance(value, Rows))
    parts = [_part(site, value, first) for value in values]
    if len({part.dtype for part in parts}) > 1:
        raise ValueError(f"its parts are of several types: {', '.join(part.dtype for part in parts)}")
    within = first.row_axis(axis)
    return _along(first, parts, within)


def _joined_extents(site: Site, values: list[Value]) -> Extents:
    rows = next(value.rows for value in values if isinstance(value, Extents))
    dims: list[int | None] = []
    for value in values:
        if not isinstance(value, (Extents, np.ndarray)):
            raise site.refuse("it builds a shape from the values of rows", KEEP_ROWS)
        dims += value.dims if isinstance(value, Extents) else [int(dim) for dim in np.ravel(value)]
    return Extents(tuple(dims), rows)


def _part(site: Site, value: Value, first: Rows) -> Rows:
    if isinstance(value, Rows):
        if value.rank != first.rank or value.axis != first.axis or value.node.type == TOKENS:
            raise site.refuse("its parts have their rows in different dimensions, or are tokens", KEEP_ROWS)
        return value
    if not isinstance(value, np.ndarray) or value.ndim != first.rank or value.shape[first.axis] != 1:
        raise site.refuse("a part of it is the same for all rows", "export a graph for any number of rows")
    row = value.squeeze(first.axis)
    return Rows(constant(row, first), row.shape, first.axis)


def _along(first: Rows, parts: list[Rows], within: int) -> Rows:
    check_numbers(sum(prod(part.tail) for part in parts))
    nodes = [part.node for part in parts]
    starts = np.cumsum([0, *(node.type.columns for node in nodes)])
    places = [part.places() + start for part, start in zip(parts, starts, strict=False)]
    order = np.concatenate(places, axis=within)
    return Rows(Rows(concat(nodes), (int(starts[-1]),)).pick(order), order.shape, first.axis)


@converts("", "Gather")
def gather(site: Site) -> Value:
    """Take positions along an axis: constant positions of rows, or positions of a constant given by rows."""
    value, places, axis = site.value(0), site.value(1), site.integer("axis", 0)
    if isinstance(value, np.ndarray):
        return looked_up(site, value, site.numbers(1), axis)
    if not isinstance(places, np.ndarray):
        raise site.refuse("it takes positions that differ by row", "export a graph with constant indices")
    if isinstance(value, Extents):
        return _extent(value, places)
    x = site.rows(0)
    within = x.row_axis(axis)
    check_numbers(prod(x.tail) // max(1, x.tail[within]) * places.size)
    index = np.where(places < 0, places + x.tail[within], places)
    picked = np.take(x.places(), index, axis=within)
    return Rows(x.pick(picked), picked.shape, x.axis + (places.ndim - 1 if within < x.axis else 0))


def _extent(shape: Extents, places: np.ndarray) -> Value:
    check_dimensions(places.size)
    dims = tuple(shape.dims[int(place)] for place in np.ravel(places))
    return Extents(dims, shape.rows) if None in dims else np.array(dims, np.int64).reshape(places.shape)


def looked_up(site: Site, table: np.ndarray, codes: Rows, axis: int) -> Rows:
    """Return the entries of a constant at the codes of each row; codes out of range give NaN or 0."""
    if axis not in (0, -table.ndim):
        raise site.refuse("it does not look up along the first axis", "transpose the constant")
    columns = codes.columns()
    if table.dtype.kind not in "biufU" or (table.dtype.kind == "U" and (table.ndim > 1 or len(columns) > 1)):
        raise site.refuse("it looks up several texts per row", "look single labels up")
    entries = _entries(table)
    parts = [_entry(_from_front(code, len(table), codes), table, entries) for code in columns]
    tail = (*codes.tail, *table.shape[1:])
    return Rows(parts[0] if len(parts) == 1 else concat(parts), tail, codes.axis)


def _from_front(code: Node, length: int, rows: Rows) -> Node:
    """Return codes counted from the front: negative codes, if possible, count from the end."""
    whole = cast(code, "i64")
    if isinstance(code, (ops.ArgMax, ops.ArgMin)) or (isinstance(code, ops.Column) and isinstance(code.x, ops.Nearest)):
        return whole
    zero, size = constant(np.array(0, np.int64), rows), constant(np.array(length, np.int64), rows)
    behind = ops.Compare(whole, zero, "less")
    return ops.Where(behind, ops.Arithmetic(whole, size, "add"), whole)


def _entries(table: np.ndarray) -> Parameter:
    if table.dtype.kind == "U":
        return Parameter.strings(table.tolist())
    return Parameter.of(table.reshape(len(table), -1) if table.ndim > 1 else table)


def _entry(code: Node, table: np.ndarray, entries: Parameter) -> Node:
    if table.dtype.kind == "U":
        return ops.LabelLookup(code, entries)
    return ops.Take(code, entries, float("nan") if table.dtype.kind == "f" else 0.0)


@converts("ai.onnx.ml", "ArrayFeatureExtractor")
def extract_features(site: Site) -> Rows | Lines:
    """Take columns along the last axis of rows, or of a constant at positions given by the rows."""
    value = site.value(0)
    if isinstance(value, np.ndarray):
        return _in_line(site, value, site.numbers(1))
    x, places = site.rows(0), site.constant(1).ravel()
    if x.axis == x.rank - 1:
        raise site.refuse("it takes positions along the rows", KEEP_ROWS)
    if places.size and places.min() < 0:
        raise ValueError(f"position {places.min()} is negative")
    check_numbers(prod(x.tail[:-1]) * places.size)
    picked = x.places()[..., places]
    return Rows(x.pick(picked), picked.shape, x.axis)


def _in_line(site: Site, table: np.ndarray, codes: Rows) -> Rows | Lines:
    """Return entries along the last axis of a constant at positions given by the rows, concatenated."""
    if not table.ndim or prod(codes.tail[: codes.axis]) != 1:
        raise site.refuse("its positions do not follow the order of the rows", KEEP_ROWS)
    lead, count = table.shape[:-1] or (1,), prod(codes.tail)
    size = prod(lead)
    by_place = table.ravel() if size == 1 else table.reshape(size, -1).T
    check_numbers(count * size)
    entries = Rows(looked_up(site, by_place, codes, 0).node, (count, size))
    node = entries.pick(entries.places().T)
    return Rows(node, lead, len(lead)) if count == 1 else Lines(Rows(node, (*lead, count), len(lead)))


@converts("", "Slice")
def cut(site: Site) -> Value:
    """Slice dimensions of the row, with steps."""
    value = site.value(0)
    starts, ends, axes, steps = _ranges(site)
    if isinstance(value, Extents):
        dims = value.dims[slice(starts[0], ends[0], steps[0])]
        return Extents(dims, value.rows) if None in dims else np.array(dims, np.int64)
    x = site.rows(0)
    index = [slice(None)] * len(x.tail)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if x.positive(axis) == x.axis:
            if start != 0 or end < END or step != 1:
                raise site.refuse("it removes rows", KEEP_ROWS)
            continue
        within = x.row_axis(axis)
        index[within] = _range(start, end, step, x.tail[within])
    picked = x.places()[tuple(index)]
    return Rows(x.pick(picked), picked.shape, x.axis)


def _range(start: int, end: int, step: int, length: int) -> slice:
    """Return a slice of a dimension; a start before the first number of a negative step is the first number."""
    first, stop = (at + length if at < 0 else at for at in (start, end))
    if step > 0:
        return slice(max(first, 0), max(stop, 0), step)
    return slice(max(first, 0), None if stop < 0 else stop, step)


def _ranges(site: Site) -> tuple[list[int], list[int], list[int], list[int]]:
    starts, ends = (site.few(site.setting(name, place, 10)) for name, place in (("starts", 1), ("ends", 2)))
    axes = site.setting("axes", 3, 10)
    steps = site.few(site.constant(4)) if site.has(4) else [1] * len(starts)
    return starts, ends, [*range(len(starts))] if axes is None else site.few(axes), steps


@converts("", "Split")
def split(site: Site) -> tuple[Rows, ...]:
    """Split a dimension of the row into parts."""
    x = site.rows(0)
    within = x.row_axis(site.integer("axis", 0))
    sizes = site.setting("split", 1, 13)
    count = site.integer("num_outputs", len(site.node.output))
    length = x.tail[within]
    if count != len(site.node.output):
        raise ValueError(f"{count} parts for {len(site.node.output)} outputs")
    if sizes is None:
        size = -(-length // count)
        sizes = [min(size, length - i * size) for i in range(count)]
    if np.size(sizes) != count or sum(sizes) != length or min(sizes) < 0:
        raise ValueError(f"{np.size(sizes)} sizes do not make {count} parts of {length}")
    parts = np.split(x.places(), np.cumsum(sizes)[:-1], axis=within)
    return tuple(Rows(x.pick(part), part.shape, x.axis) for part in parts)


@converts("", "OneHot")
def one_hot(site: Site) -> Rows:
    """Return one value in the column of each code, and another elsewhere."""
    codes, depth, values = site.numbers(0), int(site.constant(1).item()), site.constant(2)
    axis = site.integer("axis", -1)
    if len(values) != 2 or not 0 < depth <= MOST_COLUMNS or not -codes.rank - 1 <= axis <= codes.rank:
        raise ValueError(f"{len(values)} values in {depth} columns along axis {axis}")
    off, on = values
    table = np.full((2 * depth, depth), off)
    table[np.arange(2 * depth), np.arange(2 * depth) % depth] = on  # negative codes count from the end
    shift, shared = np.array(depth, np.int64), Parameter.of(table)
    parts = [_one_hot_of(cast(code, "i64"), shared, shift, codes, float(off)) for code in codes.columns()]
    return _with_columns_at(Rows(concat(parts), (*codes.tail, depth), codes.axis), axis % (codes.rank + 1))


def _with_columns_at(x: Rows, axis: int) -> Rows:
    """Move the last dimension to the given axis."""
    rows = x.axis + (axis <= x.axis)
    places = np.moveaxis(x.places(), -1, axis - (axis > rows))
    return Rows(x.pick(places), places.shape, rows)


def _one_hot_of(code: Node, table: Parameter, shift: np.ndarray, rows: Rows, off: float) -> Node:
    from_zero = ops.Arithmetic(code, constant(shift, rows), "add")
    return ops.Take(from_zero, table, off)
