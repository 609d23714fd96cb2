"""The columns that a model reads: their names, order and kinds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from pretzel.adapters.columns import known_as
from pretzel.adapters.records import record_names
from pretzel.plan.model import InputDescription, ModelDescription
from pretzel.plan.types import ValueType

NAN = float("nan")
Kind = Literal["number", "text", "any", "record"]
"""``any``: a column that the model does not read, or whose kind is unknown."""


@dataclass(frozen=True)
class Reads:
    """The input of a model, as the reader of a file needs it."""

    style: str
    """``frame``, ``positions``, ``matrix``, ``texts``, ``lists`` or ``records``: see :mod:`pretzel.adapters.inputs`."""
    names: tuple[str, ...] = ()
    """The columns the model was fitted on, in order; empty without names."""
    kinds: Mapping[str, Kind] | None = None
    """For a frame: the required columns, and the kind of each."""
    kind: Kind = "any"
    """For a matrix: the kind of all columns."""
    width: int | None = None
    """For a matrix: its number of columns; None for one value per row, or if unknown."""
    places: tuple[Kind, ...] = ()
    """For columns by position: the kind of each; ``any`` if the model does not read it."""
    whole: Mapping[str, np.dtype] = field(default_factory=dict)
    """Integer types of columns, by name; by ``""`` for all of a matrix."""
    categories: Mapping[str, str] = field(default_factory=dict)
    """Columns of categories in which an integer, a truth value and a text of the same cell differ.

    By name or position: the kind in the sample of the model, ``bool``, ``int`` or ``str``, or ``""``.
    """
    none: frozenset[str] = frozenset()
    """Columns in which a null of JSON or Parquet is None: the model was fitted on None, and not on NaN."""
    coded: bool = False
    """True if the library reads numbers of an array or an Arrow table as codes of categories, which a file has not."""
    spaces: str = " "
    """The library's replacement of a space in a name."""
    exactly: bool = True
    """True if cells of another kind are rejected here; an estimator rejects them itself."""
    whole_file: bool = False
    """True if the rows are for an estimator, which needs the types that pandas infers from the whole file."""

    @property
    def needed(self) -> list[str]:
        """The required columns of a table."""
        return list(self.kinds if self.kinds is not None else self.names)

    def known(self, name: str) -> str:
        """Return the model's name for a column of a file."""
        return known_as(name, self._every, {"spaces": self.spaces})

    @cached_property
    def _every(self) -> frozenset[str]:
        return frozenset((*self.needed, *self.names))

    def kind_of(self, name: str, place: int = 0) -> Kind:
        """Return the kind of a column of a file, at ``place`` among the selected ones."""
        if self.style == "positions":
            return self.places[place]
        if self.style == "frame":
            return (self.kinds or {}).get(self.known(name), "any")
        return "text" if self.style == "texts" else self.kind

    def category_of(self, name: str, place: int = 0) -> str | None:
        """Return the kind of a column in :attr:`categories`; None for any other column."""
        return self.categories.get(str(place) if self.style == "positions" else self.known(name))

    def null_of(self, name: str, place: int = 0) -> float | None:
        """Return what a null means in a column of a file: NaN, or None where the model knows only that."""
        if self.style not in ("frame", "positions"):
            return None if self.none else NAN
        return None if (str(place) if self.style == "positions" else self.known(name)) in self.none else NAN


def of_model(description: ModelDescription) -> Reads:
    """Return the columns that a deployed model reads."""
    return _of_inputs(description.inputs, description.version.metadata)


def of_estimator(model: Any) -> Reads:
    """Return the columns that an estimator was fitted on, in the kinds that its steps read."""
    from pretzel.importers import definition_of  # loads the training library

    try:
        definition = definition_of(model)
    except Exception:  # the deployment will report it, or the types need a sample
        return _of_bare(model)
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    reads = _of_inputs(described, definition.metadata)
    names = getattr(model, "feature_names_in_", None)
    every = tuple(map(str, names)) if names is not None else reads.names
    if reads.style != "frame" and not (every and reads.style == "matrix"):
        return replace(reads, names=(), whole={}, exactly=False, whole_file=True)
    kinds: dict[str, Kind] = {name: (reads.kinds or {}).get(name, "any") for name in every}
    if reads.style == "matrix":
        kinds = dict.fromkeys(every, reads.kind)
    return replace(reads, style="frame", names=every, kinds=kinds, whole={}, exactly=False, whole_file=True)


def _of_bare(model: Any) -> Reads:
    """Return the columns that an estimator without an importer declares."""
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        every = tuple(map(str, names))
        return Reads("frame", every, dict.fromkeys(every, "any"), exactly=False, whole_file=True)
    width = getattr(model, "n_features_in_", None)
    return Reads("texts" if width is None else "matrix", width=width, exactly=False, whole_file=True)


def _of_inputs(inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> Reads:
    reads = _of_style(inputs, metadata)
    held = metadata.get("categories_read") or {}
    categories = {name: held.get(name, "") for name in metadata.get("integers_as_text") or ()}
    forms = metadata.get("objects") or {}
    none = frozenset(name for name, form in forms.items() if form.get("missing") == "none")
    coded = reads.style == "frame" and bool(metadata.get("codes"))
    return replace(reads, categories=categories, none=none, coded=coded)


def _of_style(inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> Reads:
    style = metadata.get("input_style") or _guessed(inputs)
    names = tuple(metadata.get("feature_names") or ())
    spaces = metadata.get("spaces") or " "
    if style == "frame":
        dates: dict[str, Kind] = dict.fromkeys(metadata.get("dates") or (), "text")  # ISO 8601, which the client reads
        kinds = _kinds(inputs, metadata.get("records") or {}) | dates
        whole = {name: kind for name, kind in _whole(inputs).items() if name not in dates}
        return Reads(style, names or tuple(kinds), kinds, spaces=spaces, whole=whole)
    if style == "positions":
        return _of_places(inputs, metadata["columns"])
    kind = inputs[0].type if inputs else ValueType("f64")
    whole = {"": kind.numpy} if _whole(inputs) else {}
    return Reads(style, names, kind=_kind(kind), width=kind.width, spaces=spaces, whole=whole)


def _of_places(inputs: Sequence[InputDescription], width: int) -> Reads:
    kinds = _kinds(inputs, ())
    places = tuple(kinds.get(str(i), "any") for i in range(width))
    return Reads("positions", width=width, places=places, whole=_whole(inputs))


def _whole(inputs: Iterable[InputDescription]) -> dict[str, np.dtype]:
    return {i.name: i.type.numpy for i in inputs if not i.type.is_text and i.type.numpy.kind in "iu"}


def _guessed(inputs: Sequence[InputDescription]) -> str:
    if len(inputs) != 1:
        return "frame"
    return "texts" if inputs[0].type == ValueType("str") else "matrix"


def _kinds(inputs: Iterable[InputDescription], records: Iterable[str]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = dict.fromkeys(records, "record")
    derived = {part for name in records for part in record_names(name)}
    return kinds | {item.name: _kind(item.type) for item in inputs if item.name not in derived}


def _kind(kind: ValueType) -> Kind:
    return "record" if kind.layout == "ragged" else "text" if kind.is_text else "number"
