"""Unsupported parts of a graph are refused by node, reason and remedy, before memory is allocated."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.onnx.graphs import MATRIX, Y, model, node

REFUSED: dict[str, tuple[list[onnx.NodeProto], dict[str, np.ndarray]]] = {
    "node 'the Conv' (Conv) cannot be served: no importer knows this": (
        [node("Conv", "X", "c")],
        {"c": np.ones(3, np.float32)},
    ),
    "node 'the Softmax' (Softmax) cannot be served: axis 0 runs over the rows; export a graph that keeps": (
        [node("Softmax", "X", axis=0)],
        {},
    ),
    "node 'the Add' (Add) cannot be served: a constant differs from row to row; export a graph for any number": (
        [node("Add", "X", "c")],
        {"c": np.ones((4, 3), np.float32)},
    ),
    "node 'the MatMul' (MatMul) cannot be served: both of its sides depend on the rows": (
        [node("Transpose", "X", to="T"), node("MatMul", "X", "T")],
        {},
    ),
    "node 'the Concat' (Concat) cannot be served: axis 0 runs over the rows": ([node("Concat", "X", "X", axis=0)], {}),
    "node 'the Reshape' (Reshape) cannot be served: it makes [-1, 5] of rows of [3]": (
        [node("Reshape", "X", "c")],
        {"c": np.array([-1, 5])},
    ),
    "node 'the Elu' (acme.Elu) cannot be served: no importer knows": (
        [node("Elu", "X", domain="acme")],
        {},
    ),
    "node 'the Relu' (Relu) cannot be served: its attribute 'slope' is not known": ([node("Relu", "X", slope=1.0)], {}),
    "node 'the Add' reads 'nothing', which no earlier node produces": ([node("Add", "X", "nothing")], {}),
    "the graph reads 'Y', which no earlier node produces": ([node("Relu", "X", to="Z")], {}),
    "node 'the Cast' (Cast) cannot be served: the type FLOAT16 is not served": ([node("Cast", "X", **{"to": "Y"})], {}),
    "its output 'Y' does not depend on the rows": ([node("Neg", "c")], {"c": np.ones(3, np.float32)}),
    "the rows of its output 'Y' are not in the first dimension": ([node("Transpose", "X")], {}),
    "'A' is produced twice": ([node("Relu", "X", to="A"), node("Abs", "X", to="A"), node("Neg", "A")], {}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_unsupported_parts_are_named(message: str) -> None:
    nodes, constants = REFUSED[message]
    if "Cast" in message:
        nodes = [helper.make_node("Cast", ["X"], ["Y"], name="the Cast", to=TensorProto.FLOAT16)]
    graph = model(nodes, MATRIX, Y, constants)
    graph.opset_import.append(helper.make_opsetid("acme", 1))
    with pytest.raises(UnsupportedError) as error:
        export(graph)
    assert message in str(error.value), str(error.value)


def test_cycles_are_refused() -> None:
    nodes = [node("Add", "X", "B", to="A"), node("Abs", "A", to="B"), node("Neg", "A")]
    with pytest.raises(UnsupportedError, match=r"node 'the Add of A' reads 'B', which no earlier node produces"):
        export(model(nodes, MATRIX, Y))


def test_a_newer_opset_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"it is of opset 999, newer than \d+; upgrade onnx"):
        export(model([node("Relu", "X")], MATRIX, Y, opset=999))


def test_models_with_functions_are_refused() -> None:
    graph = model([node("Relu", "X")], MATRIX, Y)
    graph.functions.append(onnx.FunctionProto(name="twice", domain="acme"))
    with pytest.raises(UnsupportedError, match="it defines functions; inline them"):
        export(graph)


def test_external_data_is_refused() -> None:
    graph = model([node("Add", "X", "c")], MATRIX, Y, {"c": np.ones(3, np.float32)})
    graph.graph.initializer[0].data_location = TensorProto.EXTERNAL
    graph.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")
    with pytest.raises(UnsupportedError, match="its data is in another file; save the model as one file"):
        export(graph)


HUGE = 1 << 40


@pytest.mark.parametrize(
    "nodes, constants",
    [
        ([node("ConstantOfShape", "c", to="T"), node("Add", "X", "T")], {"c": np.array([HUGE])}),
        ([node("Expand", "o", "c", to="T"), node("Add", "X", "T")], {"c": np.array([1 << 20, 1 << 20])}),
        ([node("Tile", "o", "c", to="T"), node("Add", "X", "T")], {"c": np.array([HUGE])}),
        ([node("Range", "z", "c", "i", to="T"), node("Add", "X", "T")], {"c": np.array(HUGE)}),
        ([node("OneHot", "X", "c", "v", to="T"), node("Neg", "T")], {"c": np.array(HUGE)}),
        ([node("Expand", "X", "c", to="T"), node("Neg", "T")], {"c": np.array([1, 1 << 30, 3])}),
        ([node("Split", "X", to="Y", axis=1, num_outputs=1 << 40)], {}),
        ([node("Tile", "X", "c")], {"c": np.array([1, HUGE])}),
    ],
    ids=lambda value: value[0].op_type if isinstance(value, list) else "",
)
def test_small_files_cannot_request_much_memory(nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray]) -> None:
    defaults = {"o": np.ones(1, np.float32), "z": np.array(0), "i": np.array(1), "v": np.zeros(2, np.float32)}
    with pytest.raises(UnsupportedError, match="cannot be served"):
        export(model(nodes, MATRIX, Y, defaults | constants))


def test_constants_that_double_are_bounded() -> None:
    nodes = [node("Concat", f"c{i}", f"c{i}", to=f"c{i + 1}", axis=0) for i in range(40)] + [node("Add", "X", "c40")]
    with pytest.raises(UnsupportedError, match="numbers"):
        export(model(nodes, MATRIX, Y, {"c0": np.ones(1 << 10, np.float32)}))
