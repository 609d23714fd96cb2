"""Rules for reading columns of Python objects, whose values steps distinguish more finely than floats or texts can.

Encoders treat None and NaN as two categories, ``"1"`` and 1 as two, and pandas' NA as neither.  The rules of each such
input are stored in the metadata under ``objects``; :mod:`pretzel.adapters.objects` reads them.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pretzel.errors import UnsupportedError
from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node

UNKNOWN = -1
_MOVES = (ops.Input, ops.Concat, ops.Select, ops.Column)
Origin = tuple[str, int | None]
"""Name of an input and the position of a column; None for one value per row."""


@dataclass(slots=True)
class _Reading:
    """Requirements of the steps that read one column as objects."""

    is_text: bool
    na_is_missing: bool = True
    """True if every step treats pandas' NA as missing."""
    takes_objects: bool = False
    """True if a step converts its input to objects, so that NA of pandas' dtypes stays NA."""
    nan: bool = False
    """True if a step knows NaN, as a category or as a missing value."""
    none: bool = False
    """True if a step knows None."""
    framed: str = ""
    """The place where pandas converts None to NaN, as in :mod:`pretzel.adapters.objects`."""


@dataclass(slots=True)
class _Readings:
    by_origin: dict[Origin, _Reading] = field(default_factory=dict)

    def add(self, origin: Origin, is_text: bool, *, nan: bool, none: bool, na: bool, objects: bool = False) -> None:
        reading = self.by_origin.setdefault(origin, _Reading(is_text))
        reading.nan |= nan
        reading.none |= none
        reading.na_is_missing &= na
        reading.takes_objects |= objects


def objects_of(
    outputs: Mapping[str, Node], framed: Iterable[Node] = (), tabled: Container[str] = ()
) -> dict[str, dict[str, Any]]:
    """Return the rules for each input that a step reads as objects; see :mod:`pretzel.adapters.objects`.

    ``framed``: texts that are imputed before pandas puts them into a table; ``tabled``: inputs that it puts into one.

    Raises:
        UnsupportedError: an output would hold objects.
    """
    nodes = topological(outputs.values())
    behind_none = {node.x for node in nodes if isinstance(node, (ops.Impute, ops.ImputeObjects)) and node.missing_none}
    readings = _Readings()
    for node in nodes:
        _read(node, readings, behind_none)
    if not readings.by_origin:
        return {}
    present = set(nodes)
    for origin in {origin for node in framed if node in present for origin in origins(node)}:
        if origin in readings.by_origin:
            readings.by_origin[origin].framed = "beside texts"
    for name, position in readings.by_origin:
        if name in tabled:
            readings.by_origin[name, position].framed = "in tables"
    answered = {origin for name, node in outputs.items() for origin in _answered(name, node)}
    forms: dict[str, dict[str, Any]] = {}
    for (name, position), reading in sorted(readings.by_origin.items(), key=lambda item: (item[0][0], item[0][1] or 0)):
        form = forms.setdefault(name, {} if position is None else {"positions": []})
        if position is not None:
            form["positions"].append(position)
        _merge(form, reading, (name, position) in answered)
    return forms


def _merge(form: dict[str, Any], reading: _Reading, is_answered: bool) -> None:
    """Add the requirements of one column to the form of its input; the strictest column of a matrix decides."""
    if reading.is_text:
        form["null"] = _null(reading)
        if reading.framed:
            form["none"] = reading.framed
    elif is_answered:
        form["objects"] = "refused"
    if reading.none and not reading.nan:
        form["missing"] = "none"
    if reading.takes_objects:
        form["takes_objects"] = True
    if not reading.na_is_missing:
        form["na"] = "refused"


def _null(reading: _Reading) -> str:
    """Return the meaning of None among texts in a DataFrame: NaN since pandas 3, before it as the model knows it."""
    if pandas_makes_nan():
        return "nan"
    return "none" if reading.none else "nan"


def pandas_makes_nan() -> bool:
    """Return whether pandas converts None among texts to NaN, as it does since version 3."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and int(pandas.__version__.partition(".")[0]) >= 3


def base_of_column(node: Node) -> Node:
    """Return the node that computed the first column of ``node``; later nodes only moved it."""
    place: tuple[Node, int] | None = (node, 0)
    while place is not None:
        node, place = place[0], _behind(*place)
    return node


def _read(node: Node, readings: _Readings, behind_none: set[Node]) -> None:
    """Add the requirements of ``node`` on the inputs that it reads as objects."""
    if isinstance(node, ops.Lookup) and (node.x.type.is_text or node.x.type.is_float):
        is_text = node.x.type.is_text
        # Numbers without a separate code for None read None as NaN, and pandas' NA may be read so too.
        for origin in origins(node.x):
            readings.add(origin, is_text, nan=node.nan_code != UNKNOWN, none=node.none_code != UNKNOWN, na=False)
    elif isinstance(node, ops.ImputeObjects) or (isinstance(node, ops.Impute) and node.x.type.is_text):
        both = node in behind_none or (node.missing_none and isinstance(node.x, (ops.Impute, ops.ImputeObjects)))
        by_nan = node in behind_none or not node.refuses or _finds_nan(node)
        objects = isinstance(node, ops.ImputeObjects) and node.of_objects
        for origin in origins(node.x):
            readings.add(
                origin, node.x.type.is_text, nan=by_nan, none=node.missing_none, na=both, objects=objects and not both
            )


def _finds_nan(node: Any) -> bool:
    return not node.missing_none and getattr(node, "missing_text", None) is None


def origins(node: Node) -> Iterator[Origin]:
    """Yield the input columns that ``node`` holds unchanged, or filled as objects."""
    for column in range(node.type.columns):
        origin = _origin(node, column)
        if origin is not None:
            yield origin


def _origin(node: Node, column: int) -> Origin | None:
    place: tuple[Node, int] | None = (node, column)
    while place is not None and not isinstance(place[0], ops.Input):
        place = _behind(*place)
    if place is None or not isinstance(place[0], ops.Input):
        return None
    return place[0].column, None if place[0].type.width is None else place[1]


def _behind(node: Node, column: int) -> tuple[Node, int] | None:
    """Return the node and the column that a column of ``node`` was moved from; None if it is computed."""
    match node:
        case ops.Select(x=x, columns=columns):
            return x, int(columns.array[column])
        case ops.Column(x=x, index=index):
            return x, index
        case ops.Concat():
            ends = np.cumsum([part.type.columns for part in node.inputs])
            part = int(np.searchsorted(ends, column, "right"))
            return node.inputs[part], column - (int(ends[part - 1]) if part else 0)
        case ops.RequireFinite(x=x) | ops.Cast(x=x) | ops.ImputeObjects(x=x):
            return x, column
        case ops.Impute(x=ops.Impute() as x, missing_none=True):  # the second half of an imputer of NA
            return x, column
    return None


def kept_of(outputs: Iterable[Node]) -> dict[str, list[int] | None]:
    """Return the columns of numbers that an output holds unchanged: positions by input, None for one value per row."""
    moved = [node for node in outputs if isinstance(node, _MOVES) and node.type.layout == "dense"]
    columns = [(node, column) for node in moved for column in range(node.type.columns)]
    found = {origin for node, column in columns if (origin := _unchanged(node, column)) is not None}
    return _by_input(found)


def compared_in_float32(outputs: Iterable[Node]) -> dict[str, list[int] | None]:
    """Return the columns of float32 that encoders compare with their categories, in the same form."""
    nodes = topological(outputs)
    single = {node.column for node in nodes if isinstance(node, ops.Input) and node.type.dtype == "f32"}
    found = {origin for node in nodes if isinstance(node, ops.Lookup) for origin in origins(node.x)}
    return _by_input(origin for origin in found if origin[0] in single)


def note_numbers(nodes: Iterable[Node], inputs: Any) -> None:
    """Record the columns of the inputs that a traced function computes with as numbers, in the same form."""
    known = inputs.metadata.get("traced") or {}
    before = {(name, position) for name, places in known.items() for position in (places if places else [None])}
    found = before | {origin for node in nodes for origin in origins(node)}
    if found:
        inputs.metadata["traced"] = _by_input(found)


def _by_input(found: Iterable[Origin]) -> dict[str, list[int] | None]:
    places: dict[str, list[int] | None] = {}
    for name, position in sorted(found, key=lambda origin: (origin[0], origin[1] or 0)):
        places[name] = None if position is None else [*(places.get(name) or ()), position]
    return places


def _unchanged(node: Node, column: int) -> Origin | None:
    """Return the input column that a column of an output is, with any objects; only a selector's check keeps them."""
    place: tuple[Node, int] | None = (node, column)
    above: Node | None = None
    while place is not None and not isinstance(place[0], ops.Input):
        is_check = isinstance(place[0], ops.RequireFinite) and isinstance(above, ops.Select)
        if not is_check and not isinstance(place[0], (ops.Concat, ops.Select, ops.Column)):
            return None
        above, place = place[0], _behind(*place)
    if place is None or not isinstance(place[0], ops.Input) or not place[0].type.is_float:
        return None
    return place[0].column, None if place[0].type.width is None else place[1]


def _answered(output: str, node: Node) -> Iterator[Origin]:
    """Yield the input columns that an output holds unchanged.

    Raises:
        UnsupportedError: it holds objects from an imputer.
    """
    if isinstance(node, ops.ImputeObjects):
        if node.of_objects:
            raise UnsupportedError(
                f"output {output!r}: the SimpleImputer was fitted on objects and returns objects (True, 1 or 1.0, as "
                "sent), which no output can hold; follow it by an encoder or a model, or fit it on float64"
            )
        if not node.missing_none:
            yield from origins(node.x)
    elif isinstance(node, (ops.Concat, ops.Select, ops.Column, ops.Densify)):
        for part in node.inputs:
            yield from _answered(output, part)
    elif isinstance(node, ops.Input):
        yield from origins(node)
