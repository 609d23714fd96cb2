"""The registry of operator converters, by domain and name, and the site of a node in a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from pretzel.errors import UnsupportedError
from pretzel.importers.findings import Refusal
from pretzel.importers.onnx.values import Rows, Value, check_dimensions

Converter = Callable[["Site"], Value | tuple[Value, ...]]
CONVERTERS: dict[tuple[str, str], Converter] = {}
"""Every supported operator, by domain (the standard one is the empty string) and name."""

NAMES = {"": "ai.onnx"}
MOST_CHARACTERS = 1 << 24
KEEP_ROWS = "export a graph that keeps the first dimension for the rows"


def converts(domain: str, *names: str) -> Callable[[Converter], Converter]:
    """Register a function that returns the outputs of a node, given its site, as converter of these operators."""

    def register(function: Converter) -> Converter:
        for name in names:
            if (domain, name) in CONVERTERS:
                raise TypeError(f"{domain} {name} has two converters")
            CONVERTERS[domain, name] = function
        return function

    return register


@dataclass(slots=True)
class Site:
    """One node of a graph: its attributes and inputs, as its converter reads them."""

    node: onnx.NodeProto
    inputs: list[Value | None]
    opset: int
    """Version of the operator's domain."""
    path: str
    read: set[str] = field(default_factory=set)
    """Attributes that were read; others are refused, so that none is ignored."""
    seen: set[int] = field(default_factory=set)
    """Positions of the inputs that were read; others are refused too."""
    made_for: int | None = None
    """The number of rows that all inputs of the graph declare; None if it is dynamic."""

    # Attributes

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute as a Python value (texts decoded, tensors as arrays), or the default."""
        self.read.add(name)
        matches = [attribute for attribute in self.node.attribute if attribute.name == name]
        return _plain(matches[0]) if matches else default

    def floats(self, name: str) -> np.ndarray | None:
        """Return a list of numbers, or the tensor ``<name>_as_tensor`` instead; None if neither is set."""
        tensor = self.attribute(f"{name}_as_tensor")
        values = tensor if tensor is not None else self.attribute(name)
        if values is None or not np.size(values):
            return None
        wide = isinstance(values, np.ndarray) and values.dtype == np.float64
        return np.asarray(values, np.float64 if wide else np.float32).ravel()

    def integers(self, name: str) -> np.ndarray | None:
        """Return a list of integers; None if it is empty or absent."""
        values = self.attribute(name)
        return np.asarray(values, np.int64) if values is not None and np.size(values) else None

    def number(self, name: str, default: float) -> float:
        """Return an attribute that is one number."""
        return float(self.attribute(name, default))

    def integer(self, name: str, default: int) -> int:
        """Return an attribute that is one integer."""
        value = self.attribute(name, default)
        if not isinstance(value, int):
            raise TypeError(f"{name}: expected an integer, got {type(value).__name__}")
        return value

    def text(self, name: str, default: str) -> str:
        """Return an attribute that is a text."""
        return str(self.attribute(name, default))

    def without_effect(self, *names: str) -> None:
        """Declare attributes that do not affect the result."""
        self.read.update(names)

    def setting(self, name: str, place: int, since: int) -> Any:
        """Return a value that is an attribute before opset ``since``, then a constant input; None if absent."""
        if self.opset < since:
            return self.attribute(name)
        return self.constant(place) if self.has(place) else None

    # Inputs

    def has(self, place: int) -> bool:
        """Return whether an input is present."""
        return place < len(self.inputs) and self.inputs[place] is not None

    def value(self, place: int) -> Value:
        """Return an input of any kind."""
        self.seen.add(place)
        value = self.inputs[place] if place < len(self.inputs) else None
        if value is None:
            raise self.refuse(f"its input {place} is missing", "export the model again")
        return value

    def rows(self, place: int) -> Rows:
        """Return an input that has a slice for each row."""
        value = self.value(place)
        if not isinstance(value, Rows):
            raise self.refuse(f"its input {place} is {_kind(value)}", "export a graph in which it is a tensor of rows")
        return value

    def numbers(self, place: int, *dtypes: str) -> Rows:
        """Return an input of numbers, of one of these types where they are given."""
        rows = self.rows(place)
        if rows.node.type.is_text or (dtypes and rows.dtype not in dtypes):
            expected = " or ".join(dtypes) or "numbers"
            raise self.refuse(f"its input {place} is {rows.dtype}, not {expected}", "cast it in the graph")
        return rows

    def texts(self, place: int) -> Rows:
        """Return an input of texts."""
        rows = self.rows(place)
        if not rows.node.type.is_text:
            raise self.refuse(f"its input {place} is {rows.dtype}, not texts", "export a graph that passes it texts")
        return rows

    def constant(self, place: int) -> np.ndarray:
        """Return an input that is the same for all rows."""
        value = self.value(place)
        if not isinstance(value, np.ndarray):
            raise self.refuse(f"its input {place} depends on the rows", "export a graph in which it is constant")
        return value

    def few(self, values: Any) -> list[int]:
        """Return integers that describe dimensions or name them, after checking their number."""
        check_dimensions(np.size(values))
        return [int(value) for value in np.ravel(values)]

    # Refusals

    @property
    def operator(self) -> str:
        """The operator with its domain, as messages name it."""
        return f"{self.node.domain}.{self.node.op_type}" if self.node.domain else self.node.op_type

    def refuse(self, reason: str, remedy: str) -> UnsupportedError:
        """Return the error that names a node that cannot be served, the reason and a remedy."""
        name = self.node.name or (self.node.output[0] if self.node.output else "")
        return refused(self.path, f"node {name[:80]!r} ({self.operator[:80]})", reason, remedy)

    def refuse_unread(self) -> None:
        """Refuse attributes and inputs that the converter did not read."""
        unread = sorted({attribute.name for attribute in self.node.attribute} - self.read)
        if unread:
            raise self.refuse(f"its attribute {unread[0][:80]!r} is not known in opset {self.opset}", "leave it out")
        places = [place for place in range(len(self.inputs)) if self.has(place) and place not in self.seen]
        if places:
            raise self.refuse(f"its input {places[0]} is not known in opset {self.opset}", "leave it out")


def refused(path: str, part: str, reason: str, remedy: str, *, about_input: bool = False) -> UnsupportedError:
    """Return the error that names a part of a graph that cannot be served, the reason and a remedy."""
    refusal = Refusal(path, part, "", reason, remedy, about_input)
    error = UnsupportedError(str(refusal))
    error.refusal = refusal
    return error


def _kind(value: Value) -> str:
    if isinstance(value, np.ndarray):
        return "the same for all rows"
    return "not a tensor of rows"


def _plain(attribute: onnx.AttributeProto) -> Any:
    if attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
        raise ValueError(f"attribute {attribute.name!r} holds a graph")
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, onnx.TensorProto):
        return array_of(value)
    if isinstance(value, bytes):
        return value.decode()
    if attribute.type == onnx.AttributeProto.STRINGS:
        return [item.decode() for item in value]
    return value


def array_of(tensor: onnx.TensorProto) -> np.ndarray:
    """Return a tensor as an array; texts as an array of str.

    Raises:
        ValueError: its data is in another file, or does not fill its shape.
    """
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise ValueError(f"tensor {tensor.name[:80]!r}: its data is in another file; save the model as one file")
    if tensor.data_type == onnx.TensorProto.STRING:
        return texts_as_array([item.decode() for item in tensor.string_data]).reshape(tuple(tensor.dims))
    return np.asarray(numpy_helper.to_array(tensor))


def texts_as_array(texts: Sequence[str]) -> np.ndarray:
    """Return texts as an array, in which each takes the space of the longest.

    Raises:
        ValueError: that takes far more space than their characters.
    """
    longest = max(map(len, texts), default=0)
    if longest * len(texts) > MOST_CHARACTERS + 4 * sum(map(len, texts)):
        raise ValueError(f"{len(texts)} texts, of which one has {longest} characters")
    return np.array(texts, str)
