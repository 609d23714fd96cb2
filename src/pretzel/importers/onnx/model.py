"""A whole model: the inputs of its graph, and the methods that its outputs become."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from pretzel.errors import InputError
from pretzel.importers.answers import asks_inner
from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.native import NativeModel
from pretzel.importers.onnx.graph import Walk
from pretzel.importers.onnx.inputs import bad_input, graph_inputs, inputs_of, labels_of
from pretzel.importers.onnx.values import Maps, Rows, Value
from pretzel.importers.registry import Methods, Step, given, imports
from pretzel.plan import ops
from pretzel.plan.node import Node

NEWEST = onnx.defs.onnx_opset_version()


class OnnxModel(NativeModel):
    """A model from a file; its methods call ONNX Runtime if installed, else the reference of ``onnx``."""

    stands_for = "onnx.ModelProto"

    def __init__(self, proto: onnx.ModelProto) -> None:
        """Hold the parsed model."""
        self.proto = proto

    @property
    def _names(self) -> list[str] | None:
        """The names of its inputs; None if there is one."""
        names = [item.name for item in inputs_of(self.proto.graph)]
        return names if len(names) > 1 else None

    @property
    def n_features_in_(self) -> int | None:
        """The columns of its only input; None if it is one value per row, or dynamic."""
        dims = [item.type.tensor_type.shape.dim for item in inputs_of(self.proto.graph)]
        return (prod(dim.dim_value for dim in dims[0][1:]) or None) if len(dims) == 1 and len(dims[0]) > 1 else None

    def __getattr__(self, name: str) -> Any:
        """Return an output as a method: ``model.predict(X)``."""
        outputs = {} if name.startswith("_") else _names_of(self.proto.graph)
        if name not in outputs:
            raise AttributeError(f"this model has no {name!r}")
        return lambda X: self._answer(X, outputs[name], flat=name == "predict")

    def _answer(self, X: Any, output: str, *, flat: bool) -> np.ndarray:
        answer = self._run([output], _feeds(self.proto.graph, X))[0]
        array = np.array([[*row.values()] for row in answer]) if isinstance(answer, list) else np.asarray(answer)
        rows = array.reshape(len(array), prod(array.shape[1:])) if array.ndim > 2 else array
        return rows[:, 0] if flat and rows.ndim == 2 else rows

    @cached_property
    def _run(self) -> Any:
        try:
            runtime = importlib.import_module("onnxruntime")
        except ModuleNotFoundError:
            return importlib.import_module("onnx.reference").ReferenceEvaluator(self.proto).run
        return runtime.InferenceSession(self.proto.SerializeToString(), providers=["CPUExecutionProvider"]).run


@asks_inner(onnx.ModelProto)
def answering(proto: onnx.ModelProto) -> tuple[OnnxModel, Callable[[Any], Any]]:
    """Return the model that computes the expected results of a graph in memory, and the identity of its input."""
    return OnnxModel(proto), lambda X: X


def read(data: bytes) -> OnnxModel:
    """Return the model in a file.

    Raises:
        InputError: the bytes are not a model.
    """
    try:
        proto = onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise InputError(f"the bytes are not an ONNX model ({str(error)[:100]})") from None
    if not proto.graph.output:
        raise InputError("it holds no graph with outputs")
    return OnnxModel(proto)


# Inputs of the graph


@given(OnnxModel, onnx.ModelProto)
def columns_given(model: Any, inputs: Inputs) -> Columns:
    """Return the inputs that the graph declares, with their declared types, independent of a sample."""
    declared = graph_inputs(_proto(model).graph)
    alone = sum(item.width for _, item in declared) == 1
    for name, item in declared:
        try:
            columns = item.columns(alone=alone, settled=inputs.types)
        except ValueError as error:
            raise bad_input(name, error) from None
        if twice := columns.keys() & inputs.used.keys():
            raise bad_input(name, f"column {min(twice)[:80]!r} appears twice")
        inputs.used |= {column: ops.Input(column, str(kind)) for column, kind in columns.items()}
    inputs.metadata |= _described(_proto(model))
    names = tuple(inputs.used)
    return Columns(tuple(inputs.used.values()), names if len(names) > 1 else None)


def _described(proto: onnx.ModelProto) -> dict[str, Any]:
    """Return the producer of a model, and the column labels of outputs that are maps."""
    producer = f"{proto.producer_name} {proto.producer_version}".strip()
    maps = {node.output[0]: node for node in proto.graph.node if node.op_type == "ZipMap" and node.output}
    labels = {output.name: list(labels_of(maps[output.name])) for output in proto.graph.output if output.name in maps}
    return {"estimator": "onnx.ModelProto", "library": producer or "onnx", **({"columns": labels} if labels else {})}


def _proto(model: Any) -> onnx.ModelProto:
    proto: onnx.ModelProto = model.proto if isinstance(model, OnnxModel) else model
    return proto


# The graph


@imports(OnnxModel, onnx.ModelProto)
def onnx_model(model: Any, x: Columns, step: Step) -> Methods:
    """Return the outputs of the graph under their names and under their method names."""
    proto = _proto(model)
    _check_version(proto, step)
    nodes = (part for part in x.parts if isinstance(part, Node))
    declared = graph_inputs(proto.graph)
    given_values = {name: item.value([next(nodes) for _ in range(item.width)]) for name, item in declared}
    names = [output.name for output in proto.graph.output]
    walk = Walk(proto, step.path, given_values, step.findings)
    outputs = {name: _output(walk, name, value) for name, value in zip(names, walk.run(names), strict=True)}
    methods = {method: _method(method, outputs[name]) for method, name in _names_of(proto.graph).items()}
    return {name: node for name, node in methods.items() if node is not None}


def _check_version(proto: onnx.ModelProto, step: Step) -> None:
    for item in proto.opset_import:
        if item.domain in ("", "ai.onnx") and not 1 <= item.version <= NEWEST:
            raise step.refuse("", f"it is of opset {item.version}, newer than {NEWEST}", "upgrade onnx")
    if proto.functions:
        raise step.refuse("", "it defines functions", "inline them with onnx.inliner")


def _output(walk: Walk, name: str, value: Value) -> Node:
    rows = value.rows if isinstance(value, Maps) else value
    if not isinstance(rows, Rows):
        raise walk.refuse(f"its output {name[:80]!r} does not depend on the rows", "leave that output out")
    if rows.axis and prod(rows.tail[: rows.axis]) != 1:
        raise walk.refuse(f"the rows of its output {name[:80]!r} are not in the first dimension", "transpose it")
    if rows.node.type.layout == "ragged":
        raise walk.refuse(f"its output {name[:80]!r} is tokens", "count them")
    if isinstance(rows.node, ops.LabelLookup) and rows.node.type.is_text:
        return rows.node
    return rows.dense_matrix if rows.tail else rows.single


def _names_of(graph: onnx.GraphProto) -> dict[str, str]:
    """Map the names that clients use to outputs: each output name of the graph, and method names.

    A first output of integers or texts is ``predict``, and a second output then ``predict_proba``; a single output of
    floats is ``predict`` if it has one column, else ``transform``.
    """
    names = [output.name for output in graph.output]
    methods = ["predict"] if _is_label(graph.output[0]) or _columns(graph.output[0]) == 1 else ["transform"]
    if len(names) > 1:
        methods = ["predict", "predict_proba"] if _is_label(graph.output[0]) else []
    aliases = {method: name for method, name in zip(methods, names, strict=False) if method not in names}
    return {name: name for name in names} | aliases


def _is_label(output: onnx.ValueInfoProto) -> bool:
    kinds = (onnx.TensorProto.INT64, onnx.TensorProto.INT32, onnx.TensorProto.STRING)
    return output.type.tensor_type.elem_type in kinds and len(output.type.tensor_type.shape.dim) <= 1


def _columns(output: onnx.ValueInfoProto) -> int:
    dims = output.type.tensor_type.shape.dim
    return prod(dim.dim_value for dim in dims[1:]) if dims else 0


def _method(name: str, node: Node) -> Node | None:
    """Return the result of a method; for ``predict`` one value per row."""
    if name == "predict" and node.type.width is not None:
        return ops.Column(node, 0) if node.type.width == 1 else None
    return node


def _feeds(graph: onnx.GraphProto, X: Any) -> dict[str, np.ndarray]:
    """Convert X, as users pass it, to the inputs of the graph."""
    declared = inputs_of(graph)
    feeds = {}
    for item in declared:
        tensor = item.type.tensor_type
        values = X[item.name] if len(declared) > 1 else X
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        tail = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim[1:]]
        feeds[item.name] = np.asarray(values).astype(kind).reshape([len(values), *tail])
    return feeds
