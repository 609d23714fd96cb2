"""What a model reads: the names, the order and the kinds of its columns."""

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

Kind = Literal["number", "text", "any", "record"]
"""``any``: a column that the model does not read, or of which nobody knows what it reads."""


@dataclass(frozen=True)
class Reads:
    """What a model takes, as far as the reader of a file must know."""

    style: str
    """``frame``, ``positions``, ``matrix``, ``texts``, ``lists`` or ``records``: see :mod:`pretzel.adapters.inputs`."""
    names: tuple[str, ...] = ()
    """The columns the model was fitted on, in their order; empty where they had no names."""
    kinds: Mapping[str, Kind] | None = None
    """Of a frame: the columns that must be there, and what the model reads in each."""
    kind: Kind = "any"
    """Of a matrix: what the model reads in all columns."""
    width: int | None = None
    """Of a matrix: how many columns it has; None for one value per row, or where nobody knows."""
    places: tuple[Kind, ...] = ()
    """Of columns by position: what the model reads in each; ``any`` where it reads none."""
    whole: Mapping[str, np.dtype] = field(default_factory=dict)
    """The columns in which the model takes integers of a type, by name; by ``""`` for all of a matrix."""
    categories: Mapping[str, str] = field(default_factory=dict)
    """The columns of categories of which integers, truth values and texts of the same cells are different ones.

    By name, or by position: ``bool``, ``int`` or ``str``, as the sample of the model held them, or ``""``.
    """
    spaces: str = " "
    """What the library writes for a space in a name."""
    exactly: bool = True
    """Whether a cell that is not of the kind is refused here; an estimator refuses it itself."""
    whole_file: bool = False
    """Whether the rows go to an estimator, which needs the types that pandas finds over the whole file."""

    @property
    def needed(self) -> list[str]:
        """The columns that a table must have."""
        return list(self.kinds if self.kinds is not None else self.names)

    def known(self, name: str) -> str:
        """Return the name by which the model knows a column of a file."""
        return known_as(name, self._every, {"spaces": self.spaces})

    @cached_property
    def _every(self) -> frozenset[str]:
        return frozenset((*self.needed, *self.names))

    def kind_of(self, name: str, place: int = 0) -> Kind:
        """Return what the model reads in a column of a file, which is at ``place`` among those it is given."""
        if self.style == "positions":
            return self.places[place]
        if self.style == "frame":
            return (self.kinds or {}).get(self.known(name), "any")
        return "text" if self.style == "texts" else self.kind

    def category_of(self, name: str, place: int = 0) -> str | None:
        """Return what a column of such categories held, as :attr:`categories` says it; None for any other column."""
        return self.categories.get(str(place) if self.style == "positions" else self.known(name))


def of_model(description: ModelDescription) -> Reads:
    """Return what a deployed model reads."""
    return _of_inputs(description.inputs, description.version.metadata)


def of_estimator(model: Any) -> Reads:
    """Return what an estimator reads: the columns it was fitted on, in the kinds that its steps read."""
    from pretzel.importers import definition_of  # loads the library that trained it

    try:
        definition = definition_of(model)
    except Exception:  # which the deployment will tell; or a sample is needed to know
        return _of_bare(model)
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    found = _of_inputs(described, definition.metadata)
    names = getattr(model, "feature_names_in_", None)
    every = tuple(map(str, names)) if names is not None else found.names
    if found.style != "frame" and not (every and found.style == "matrix"):
        return replace(found, names=(), whole={}, exactly=False, whole_file=True)
    kinds: dict[str, Kind] = {name: (found.kinds or {}).get(name, "any") for name in every}
    if found.style == "matrix":
        kinds = dict.fromkeys(every, found.kind)
    return replace(found, style="frame", names=every, kinds=kinds, whole={}, exactly=False, whole_file=True)


def _of_bare(model: Any) -> Reads:
    """Return what an estimator tells of itself that no importer can open."""
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        every = tuple(map(str, names))
        return Reads("frame", every, dict.fromkeys(every, "any"), exactly=False, whole_file=True)
    width = getattr(model, "n_features_in_", None)
    return Reads("texts" if width is None else "matrix", width=width, exactly=False, whole_file=True)


def _of_inputs(inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> Reads:
    found = _of_style(inputs, metadata)
    held = metadata.get("categories_read") or {}
    return replace(found, categories={name: held.get(name, "") for name in metadata.get("integers_as_text") or ()})


def _of_style(inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> Reads:
    style = metadata.get("input_style") or _guessed(inputs)
    names = tuple(metadata.get("feature_names") or ())
    spaces = metadata.get("spaces") or " "
    if style == "frame":
        kinds = _kinds(inputs, metadata.get("records") or {})
        return Reads(style, names or tuple(kinds), kinds, spaces=spaces, whole=_whole(inputs))
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
