"""The inputs of a graph as columns of a request; each key of a map is a separate column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import onnx

from pretzel.errors import UnsupportedError
from pretzel.importers.onnx.casting import dtype_of
from pretzel.importers.onnx.values import MALFORMED, Labels, Maps, Rows, Value, check_size, concat
from pretzel.plan.node import Node
from pretzel.plan.types import ValueType, dense

OPEN = -1
"""A dimension whose size the graph does not declare."""
MOST_COLUMNS = 1 << 15
"""Limit on the columns of a request that a graph reads: inputs and keys of maps."""


@dataclass(frozen=True)
class GraphInput:
    """One input of a graph."""

    name: str
    dtype: str
    tail: tuple[int, ...]
    """Its dimensions without that of the rows; for a map, the number of keys."""
    keys: Labels | None = None
    """For a map: the keys that its reader looks up."""

    def columns(self, *, alone: bool, settled: Mapping[str, ValueType]) -> dict[str, ValueType]:
        """Return the request columns that it reads, with their types; a column among others is one value per row.

        Raises:
            ValueError: the number of columns is dynamic, and no sample determines it.
        """
        if self.keys is not None:
            return {str(key): dense(self.dtype) for key in self.keys}
        tail, types = self.tail, list(settled.values())
        if tail == (OPEN,) and len(types) == 1 and types[0].width is not None:
            tail = (types[0].columns,)
        if any(dim < 1 for dim in tail):
            raise ValueError("the number of its columns is dynamic; declare it, or export with a sample")
        single = not tail or (tail == (1,) and (not alone or self.dtype == "str"))
        return {self.name: dense(self.dtype, None if single else prod(tail))}

    def value(self, nodes: Sequence[Node]) -> Value:
        """Return its value in the graph, from the nodes of its columns."""
        if self.keys is not None:
            return Maps(Rows(concat(nodes), (len(self.keys),)), self.keys)
        return Rows(nodes[0], (nodes[0].type.columns,) if self.tail == (OPEN,) else self.tail)

    @property
    def width(self) -> int:
        """Number of request columns that it reads."""
        return 1 if self.keys is None else len(self.keys)


def inputs_of(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """Return the inputs of a graph that are not constants."""
    constants = {tensor.name for tensor in graph.initializer}
    return [item for item in graph.input if item.name not in constants]


def rows_of(graph: onnx.GraphProto) -> int | None:
    """Return the number of rows that all inputs declare; None if it is dynamic, or they differ."""
    dims = [item.type.tensor_type.shape.dim for item in inputs_of(graph)]
    counts = {dim[0].dim_value if dim and dim[0].HasField("dim_value") else None for dim in dims}
    return counts.pop() if len(counts) == 1 else None


def graph_inputs(graph: onnx.GraphProto) -> list[tuple[str, GraphInput]]:
    """Return the inputs of a graph by name.

    Raises:
        UnsupportedError: an input has no dimension for the rows, has a type that plans do not have, or is a map with
            unknown keys; or there are too many columns.
    """
    declared = inputs_of(graph)
    readers = _readers({item.name for item in declared if item.type.HasField("map_type")}, graph)
    inputs = [(item.name, _graph_input(item, readers)) for item in declared]
    count = sum(item.width for _, item in inputs)
    if count > MOST_COLUMNS:
        raise UnsupportedError(f"onnxmodel: it reads {count} separate columns; at most {MOST_COLUMNS} are supported")
    return inputs


def bad_input(name: str, reason: object) -> UnsupportedError:
    """Return the error that names an input that cannot be served, and the reason."""
    return UnsupportedError(f"onnxmodel: input {name[:80]!r} cannot be served: {reason}")


def _readers(names: set[str], graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    """Return the nodes that read each name."""
    readers: dict[str, list[onnx.NodeProto]] = {name: [] for name in names}
    for node in graph.node if names else ():
        for name in names.intersection(node.input):
            readers[name].append(node)
    return readers


def _graph_input(item: onnx.ValueInfoProto, readers: Mapping[str, list[onnx.NodeProto]]) -> GraphInput:
    try:
        return _read(item, readers)
    except MALFORMED as error:
        raise bad_input(item.name, error) from None


def _read(item: onnx.ValueInfoProto, readers: Mapping[str, list[onnx.NodeProto]]) -> GraphInput:
    if item.type.HasField("map_type"):
        keys = _keys(readers[item.name])
        return GraphInput(item.name, dtype_of(item.type.map_type.value_type.tensor_type.elem_type), (len(keys),), keys)
    if not item.type.HasField("tensor_type"):
        raise ValueError("it is not a tensor")
    dims = item.type.tensor_type.shape.dim
    if not dims:
        raise ValueError("it has no dimension for the rows; declare its shape")
    tail = tuple(dim.dim_value if dim.HasField("dim_value") else OPEN for dim in dims[1:])
    check_size([abs(dim) for dim in tail])
    return GraphInput(item.name, dtype_of(item.type.tensor_type.elem_type), tail)


def _keys(readers: list[onnx.NodeProto]) -> Labels:
    """Return the vocabulary with which a map is read."""
    if len(readers) != 1 or readers[0].op_type != "DictVectorizer":
        raise ValueError("it is a map without exactly one DictVectorizer, which would define its keys")
    keys = labels_of(readers[0])
    if not keys or len(set(map(str, keys))) < len(keys):
        raise ValueError(f"it is a map of {len(keys)} keys, of which {len(set(map(str, keys)))} differ")
    return keys


def labels_of(node: onnx.NodeProto) -> Labels:
    """Return the list of labels or keys of a node, texts or integers."""
    texts = tuple(text.decode(errors="replace") for attribute in node.attribute for text in attribute.strings)
    return texts or tuple(number for attribute in node.attribute for number in attribute.ints)
