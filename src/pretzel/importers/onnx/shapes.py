"""Changes of shape that keep rows apart; most change nothing but the dimensions that a row is seen in."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from pretzel.importers.onnx.registry import ROWS_APART, Site, converts
from pretzel.importers.onnx.values import Extents, Lines, Rows, Value, broadcast, check_size, constant
from pretzel.plan.types import TOKENS


@converts("", "Reshape")
def reshape(site: Site) -> Rows:
    """Give a row other dimensions of the same size."""
    site.without_effect("consumed_inputs")
    given = site.value(0)
    x, shape = given.rows if isinstance(given, Lines) else site.rows(0), _shape(site, 1)
    if x.node.type == TOKENS:
        return _flat_tokens(site, x, shape)
    if not shape or any(dim is not None and dim < -1 for dim in shape) or shape.count(-1) > 1:
        raise ValueError(f"shape {shape} is none")
    wanted = shape if site.integer("allowzero", 0) else _with_kept(given, x, shape)
    for place in _places_of_rows(site, wanted):
        tail = _around(x, wanted, place)
        if tail is not None:
            return Rows(x.node, tail, place)
    shown = ["rows" if dim is None else dim for dim in shape]
    raise site.refuse(f"it makes {shown} of rows of {list(x.tail)}, which moves numbers between rows", ROWS_APART)


def _with_kept(given: Value, x: Rows, shape: list[Any]) -> list[Any]:
    """Return a shape with those dimensions of x in it that it keeps, by a zero."""
    kept: list[Any] = [*x.tail[: x.axis], None, *x.tail[x.axis :]]
    if isinstance(given, Lines):  # its last dimension is of no one's size
        kept = kept[: x.axis]
    return [kept[i] if dim == 0 else dim for i, dim in enumerate(shape)]


def _places_of_rows(site: Site, shape: list[Any]) -> list[int]:
    """Return which dimensions may be that of the rows, in a shape that has it as None, as -1, or as a number.

    A number is that of the rows which the graph is made for, or there is no dimension that adapts to them.
    """
    if 0 in shape:
        return []
    if None in shape:
        return [shape.index(None)]
    open_places = [shape.index(-1)] if -1 in shape else []
    return [0, *open_places] if not open_places or shape[0] == site.made_for else open_places


def _around(x: Rows, shape: list[Any], place: int) -> tuple[int, ...] | None:
    """Return the dimensions around that of the rows; None where numbers would move between rows."""
    rest = [*shape[:place], *shape[place + 1 :]]
    known = prod(dim for dim in rest if dim != -1)
    if -1 in rest and known:
        rest[rest.index(-1)] = prod(x.tail) // known
    same = prod(rest[:place]) == prod(x.tail[: x.axis]) and prod(rest[place:]) == prod(x.tail[x.axis :])
    return tuple(rest) if same else None


def _shape(site: Site, place: int) -> list[Any]:
    """Return the shape asked for; None where it is the number of rows."""
    given = site.value(place) if site.opset >= 5 or site.has(place) else np.array(site.attribute("shape"))
    if isinstance(given, Extents):
        return list(given.dims)
    if not isinstance(given, np.ndarray):
        raise site.refuse("its shape depends on the values of the rows", ROWS_APART)
    return site.few(given)


def _flat_tokens(site: Site, x: Rows, shape: list[Any]) -> Rows:
    if len(shape) != 2:
        raise site.refuse("it reshapes tokens to other than one list a row", "hand the tokens on as they are")
    return x


@converts("", "Flatten")
def flatten(site: Site) -> Rows:
    """Give a row one dimension; tokens are a list a row already."""
    x = site.rows(0)
    axis = site.integer("axis", 1)
    if x.node.type == TOKENS:
        return x
    if axis not in (1, 1 - x.rank) or x.axis:
        raise site.refuse(f"axis {axis} puts rows together", ROWS_APART)
    return Rows(x.node, (prod(x.tail),))


@converts("", "Squeeze")
def squeeze(site: Site) -> Value:
    """Drop dimensions of size one."""
    given, axes = site.value(0), site.setting("axes", 1, 13)
    if isinstance(given, Extents):
        return given
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
    given, axes = site.value(0), site.setting("axes", 1, 13)
    if isinstance(given, Extents):
        return given
    x = site.rows(0)
    named = site.few(axes)
    rank = x.rank + len(named)
    added = {axis % rank for axis in named if -rank <= axis < rank}
    if len(added) != len(named):
        raise ValueError(f"axes {named} are not among {rank} dimensions")
    old = iter([*x.tail[: x.axis], None, *x.tail[x.axis :]])
    shape = [1 if i in added else next(old) for i in range(rank)]
    return Rows(x.node, tuple(dim for dim in shape if dim is not None), shape.index(None))


@converts("", "Transpose")
def transpose(site: Site) -> Rows:
    """Move dimensions; the rows may come to stand elsewhere, until they are moved back."""
    x = site.rows(0)
    perm = site.attribute("perm") or list(range(x.rank))[::-1]
    if sorted(perm) != list(range(x.rank)):
        raise ValueError(f"perm {perm} is no order of {x.rank} dimensions")
    axis = perm.index(x.axis)
    order = [dim - (dim > x.axis) for dim in perm if dim != x.axis]
    places = x.places().transpose(order)
    return Rows(x.pick(places), places.shape, axis)


@converts("", "Shape")
def shape(site: Site) -> Value:
    """Give the dimensions, of which the number of rows stays open."""
    x = site.rows(0)
    dims = (*x.tail[: x.axis], None, *x.tail[x.axis :])
    start, end = site.integer("start", 0), site.integer("end", len(dims))
    part = dims[start:end]
    return Extents(part, x) if None in part else np.array(part, np.int64)


@converts("", "ConstantOfShape")
def constant_of_shape(site: Site) -> Rows:
    """Give the same number in all places of each row."""
    given = site.value(0)
    fill = site.attribute("value", np.zeros(1, np.float32))
    if not isinstance(given, Extents) or given.dims.count(None) != 1:
        raise site.refuse("its shape depends on the values of the rows", ROWS_APART)
    axis = given.dims.index(None)
    tail = tuple(dim for dim in given.dims if dim is not None)
    check_size(tail)
    return Rows(constant(np.full(tail, np.ravel(fill)[0]), given.rows), tail, axis)


@converts("", "Expand")
def expand(site: Site) -> Rows:
    """Repeat dimensions of size one."""
    x, wanted = site.rows(0), _shape(site, 1)
    axis = max(len(wanted), x.rank) - (x.rank - x.axis)
    place = len(wanted) - (x.rank - x.axis)  # of the rows, in the shape that is asked for
    if place >= 0 and wanted.pop(place) not in (None, 1):
        raise site.refuse("it repeats rows", ROWS_APART)
    tail = np.broadcast_shapes(tuple(wanted), x.tail)
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
        raise site.refuse("it repeats rows", ROWS_APART)
    check_size([*x.tail, *repeats])
    places = np.tile(x.places(), repeats)
    return x.of(x.pick(places), places.shape)
