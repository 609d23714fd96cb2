"""Changes of shape that keep rows separate; most change only the dimensions of a row."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from pretzel.importers.onnx.registry import KEEP_ROWS, Site, converts
from pretzel.importers.onnx.values import Extents, Lines, Rows, Value, broadcast, check_size, constant
from pretzel.plan.types import TOKENS


@converts("", "Reshape")
def reshape(site: Site) -> Rows:
    """Reshape a row to other dimensions of the same size."""
    site.without_effect("consumed_inputs")
    value = site.value(0)
    x, shape = value.rows if isinstance(value, Lines) else site.rows(0), _shape(site, 1)
    if x.node.type == TOKENS:
        return _flat_tokens(site, x, shape)
    if not shape or any(dim is not None and dim < -1 for dim in shape) or shape.count(-1) > 1:
        raise ValueError(f"shape {shape} is invalid")
    target = shape if site.integer("allowzero", 0) else _with_kept(value, x, shape)
    for place in _places_of_rows(site, target):
        tail = _around(x, target, place)
        if tail is not None:
            return Rows(x.node, tail, place)
    shown = ["rows" if dim is None else dim for dim in shape]
    raise site.refuse(f"it makes {shown} of rows of {list(x.tail)}, which moves numbers between rows", KEEP_ROWS)


def _with_kept(value: Value, x: Rows, shape: list[Any]) -> list[Any]:
    """Replace zeros in a shape by the dimensions of x, which they keep."""
    dims: list[Any] = [*x.tail[: x.axis], None, *x.tail[x.axis :]]
    if isinstance(value, Lines):  # its last dimension has no fixed size
        dims = dims[: x.axis]
    return [dims[i] if dim == 0 else dim for i, dim in enumerate(shape)]


def _places_of_rows(site: Site, shape: list[Any]) -> list[int]:
    """Return the dimensions that may be that of the rows, which is None, -1 or a number in the shape.

    A number counts if it is the number of rows that the graph declares, or if no dimension adapts to the rows.
    """
    if 0 in shape:
        return []
    if None in shape:
        return [shape.index(None)]
    open_places = [shape.index(-1)] if -1 in shape else []
    return [0, *open_places] if not open_places or shape[0] == site.made_for else open_places


def _around(x: Rows, shape: list[Any], place: int) -> tuple[int, ...] | None:
    """Return the dimensions around that of the rows; None if numbers would move between rows."""
    rest = [*shape[:place], *shape[place + 1 :]]
    size = prod(dim for dim in rest if dim != -1)
    if -1 in rest and size:
        rest[rest.index(-1)] = prod(x.tail) // size
    same = prod(rest[:place]) == prod(x.tail[: x.axis]) and prod(rest[place:]) == prod(x.tail[x.axis :])
    return tuple(rest) if same else None


def _shape(site: Site, place: int) -> list[Any]:
    """Return the requested shape, with None for the number of rows."""
    value = site.value(place) if site.opset >= 5 or site.has(place) else np.array(site.attribute("shape"))
    if isinstance(value, Extents):
        return list(value.dims)
    if not isinstance(value, np.ndarray):
        raise site.refuse("its shape depends on the values of the rows", KEEP_ROWS)
    return site.few(value)


def _flat_tokens(site: Site, x: Rows, shape: list[Any]) -> Rows:
    if len(shape) != 2:
        raise site.refuse("it reshapes tokens to something other than one list per row", "pass the tokens unchanged")
    return x


@converts("", "Flatten")
def flatten(site: Site) -> Rows:
    """Flatten a row to one dimension; tokens are one list per row already."""
    x = site.rows(0)
    axis = site.integer("axis", 1)
    if x.node.type == TOKENS:
        return x
    if axis not in (1, 1 - x.rank) or x.axis:
        raise site.refuse(f"axis {axis} merges rows", KEEP_ROWS)
    return Rows(x.node, (prod(x.tail),))


@converts("", "Squeeze")
def squeeze(site: Site) -> Value:
    """Drop dimensions of size one."""
    value, axes = site.value(0), site.setting("axes", 1, 13)
    if isinstance(value, Extents):
        return value
    x = site.rows(0)
    if axes is None:
        raise site.refuse("it drops all dimensions of size one, which may be that of the rows", "name the axes")
    dropped = {x.row_axis(axis) for axis in site.few(axes)}
    if any(x.tail[i] != 1 for i in dropped):
        raise ValueError(f"axes {sorted(dropped)} of {list(x.tail)} are not of size one")
    before = sum(i < x.axis for i in dropped)
    return Rows(x.node, tuple(dim for i, dim in enumerate(x.tail) if i not in dropped), x.axis - before)


@converts("", "Unsqueeze")
def unsqueeze(site: Site) -> Value:
    """Add dimensions of size one."""
    value, axes = site.value(0), site.setting("axes", 1, 13)
    if isinstance(value, Extents):
        return value
    x = site.rows(0)
    named = site.few(axes)
    rank = x.rank + len(named)
    added = {axis % rank for axis in named if -rank <= axis < rank}
    if len(added) != len(named):
        raise ValueError(f"axes {named} are out of range for {rank} dimensions")
    old = iter([*x.tail[: x.axis], None, *x.tail[x.axis :]])
    shape = [1 if i in added else next(old) for i in range(rank)]
    return Rows(x.node, tuple(dim for dim in shape if dim is not None), shape.index(None))


@converts("", "Transpose")
def transpose(site: Site) -> Rows:
    """Permute dimensions; the rows may move to another dimension until they are moved back."""
    x = site.rows(0)
    perm = site.attribute("perm") or list(range(x.rank))[::-1]
    if sorted(perm) != list(range(x.rank)):
        raise ValueError(f"perm {perm} is not a permutation of {x.rank} dimensions")
    axis = perm.index(x.axis)
    order = [dim - (dim > x.axis) for dim in perm if dim != x.axis]
    places = x.places().transpose(order)
    return Rows(x.pick(places), places.shape, axis)


@converts("", "Shape")
def shape(site: Site) -> Value:
    """Return the dimensions, in which the number of rows stays dynamic."""
    x = site.rows(0)
    dims = (*x.tail[: x.axis], None, *x.tail[x.axis :])
    start, end = site.integer("start", 0), site.integer("end", len(dims))
    part = dims[start:end]
    return Extents(part, x) if None in part else np.array(part, np.int64)


@converts("", "ConstantOfShape")
def constant_of_shape(site: Site) -> Rows:
    """Fill each row with one number."""
    value = site.value(0)
    fill = site.attribute("value", np.zeros(1, np.float32))
    if not isinstance(value, Extents) or value.dims.count(None) != 1:
        raise site.refuse("its shape depends on the values of the rows", KEEP_ROWS)
    axis = value.dims.index(None)
    tail = tuple(dim for dim in value.dims if dim is not None)
    check_size(tail)
    return Rows(constant(np.full(tail, np.ravel(fill)[0]), value.rows), tail, axis)


@converts("", "Expand")
def expand(site: Site) -> Rows:
    """Repeat dimensions of size one."""
    x, target = site.rows(0), _shape(site, 1)
    axis = max(len(target), x.rank) - (x.rank - x.axis)
    place = len(target) - (x.rank - x.axis)  # of the rows, in the requested shape
    if place >= 0 and target.pop(place) not in (None, 1):
        raise site.refuse("it repeats rows", KEEP_ROWS)
    tail = np.broadcast_shapes(tuple(target), x.tail)
    check_size(tail)
    return _repeated(x, tail, axis)


def _repeated(x: Rows, tail: tuple[int, ...], axis: int) -> Rows:
    whole = broadcast(x, tail, axis)
    if whole.tail == tail:
        return whole
    return Rows(x.pick(np.zeros(prod(tail), np.int64)), tail, axis)


@converts("", "Tile")
def tile(site: Site) -> Rows:
    """Repeat the dimensions of a row."""
    x, repeats = site.rows(0), site.few(site.constant(1))
    if len(repeats) != x.rank or repeats.pop(x.axis) != 1:
        raise site.refuse("it repeats rows", KEEP_ROWS)
    check_size([*x.tail, *repeats])
    places = np.tile(x.places(), repeats)
    return x.of(x.pick(places), places.shape)
