"""Whole graphs: folded constants, separate rows, label lookup."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from pretzel.plan import ops
from tests.importers.onnx.compare import assert_served
from tests.importers.onnx.graphs import FLOAT, MATRIX, Y, model, node
from tests.importers.sklearn.compare import run

INT = TensorProto.INT64
X = np.arange(12, dtype=np.float32).reshape(4, 3) - 5


def test_constants_are_folded() -> None:
    nodes = [
        node("Constant", to="shape", value_ints=[3, 1]),
        node("ConstantOfShape", "shape", to="ones", value=helper.make_tensor("v", FLOAT, [1], [1.5])),
        node("Mul", "ones", "ones", to="squares"),
        node("MatMul", "X", "squares"),
    ]
    definition = assert_served(model(nodes, MATRIX, Y), {"X": X})
    assert {item.name for item in definition.nodes} <= {"input", "linear"}


def test_nodes_that_no_output_needs_are_skipped() -> None:
    nodes = [node("Unheard", "X", to="unused"), node("Relu", "X")]
    assert_served(model([nodes[1]], MATRIX, Y), {"X": X})
    assert set(export(model(nodes, MATRIX, Y)).outputs) == {"Y", "transform"}


def test_constants_of_a_shape_with_the_number_of_rows_are_columns() -> None:
    nodes = [
        node("Shape", "X", to="shape"),
        node("Gather", "shape", "first", to="rows"),
        node("Concat", "rows", "two", to="wanted", axis=0),
        node("ConstantOfShape", "wanted", to="fill", value=helper.make_tensor("v", FLOAT, [1], [7.0])),
        node("Concat", "X", "fill", axis=1),
    ]
    constants = {"first": np.array([0]), "two": np.array([2])}
    assert_served(model(nodes, MATRIX, Y, constants), {"X": X})


def test_rows_in_another_dimension_for_a_while() -> None:
    weights = np.arange(6, dtype=np.float32).reshape(2, 3)
    nodes = [
        node("Transpose", "X", to="columns", perm=[1, 0]),
        node("MatMul", "weights", "columns", to="product"),
        node("Add", "product", "bias", to="sum"),
        node("Transpose", "sum"),
    ]
    constants = {"weights": weights, "bias": np.array([[1.0], [2.0]], np.float32)}
    assert_served(model(nodes, MATRIX, Y, constants), {"X": X})


def test_broadcasting_to_more_dimensions() -> None:
    centers = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    nodes = [
        node("Unsqueeze", "X", "one", to="wide"),
        node("Sub", "wide", "centers", to="differences"),
        node("ReduceL2", "differences", "last", to="lengths", keepdims=0),
        node("Softmax", "lengths"),
    ]
    constants = {"one": np.array([1]), "centers": centers, "last": np.array([-1])}
    assert_served(model(nodes, MATRIX, Y, constants), {"X": X})


def test_inputs_of_several_types_keep_their_names() -> None:
    kinds: dict[str, tuple[int, list[int | None]]] = {
        "größe": (FLOAT, [None, 1]),
        "n": (INT, [None, 1]),
        "v": (FLOAT, [None, 2]),
    }
    nodes = [node("Cast", "n", to="f", to_=1), node("Concat", "größe", "f", "v", axis=1)]
    nodes[0].attribute[0].name = "to"
    feeds = {"größe": X[:, :1], "n": np.arange(4)[:, None], "v": X[:, :2]}
    definition = assert_served(model(nodes, kinds, Y), feeds, batches=(1, 4))
    assert {item.column: item.kind for item in definition.inputs} == {"größe": "f32", "n": "i64", "v": "f32[2]"}


def test_a_sample_determines_a_dynamic_number_of_columns() -> None:
    graph = model([node("Relu", "X")], {"X": (FLOAT, [None, None])}, Y)
    with pytest.raises(UnsupportedError, match=r"input 'X' cannot be served: the number of its columns is dynamic"):
        export(graph)
    assert str(export(graph, sample=X).inputs[0].type) == "f32[3]"


@pytest.mark.parametrize("opset", [9, 11, 13, 18])
def test_attributes_that_became_inputs(opset: int) -> None:
    nodes = [node("ReduceSum", "X", *([] if opset < 13 else ["axis"]), to="S", keepdims=1)]
    if opset < 13:
        nodes[0].attribute.append(helper.make_attribute("axes", [1]))
    nodes += [node("Clip", "S", "low", "high") if opset >= 11 else node("Clip", "S", min=-2.0, max=9.0)]
    constants = {"axis": np.array([1]), "low": np.float32(-2), "high": np.float32(9)}
    graph = model(nodes, MATRIX, Y, {name: np.asarray(value) for name, value in constants.items()}, opset=opset)
    graph.ir_version = 8
    assert_served(graph, {"X": X})


def test_labels_looked_up_in_a_constant_stay_labels() -> None:
    nodes = [
        node("ArgMax", "X", to="best", axis=1),
        node("ArrayFeatureExtractor", "words", "best", to="found", domain="ai.onnx.ml"),
        node("Reshape", "found", "flat"),
    ]
    constants = {"words": np.array(["a", "b", "ö"], object), "flat": np.array([-1])}
    definition = export(model(nodes, MATRIX, {"Y": TensorProto.STRING}, constants))
    assert isinstance(definition.outputs["Y"], ops.LabelLookup)
    assert run(definition, {"X": np.eye(3, dtype=np.float32)})["Y"].tolist() == ["a", "b", "ö"]


def test_a_graph_for_one_row_serves_any_number_of_rows() -> None:
    """A graph as ML.NET writes it: inputs of shape [1, 1], concatenated and scored."""
    kinds: dict[str, tuple[int, list[int | None]]] = {"a": (FLOAT, [1, 1]), "b": (FLOAT, [1, 1]), "t": (INT, [1, 1])}
    nodes = [
        node("Cast", "t", to="f"),
        node("FeatureVectorizer", "a", "b", "f", to="features", domain="ai.onnx.ml", inputdimensions=[1, 1, 1]),
        node("Mul", "features", "scale", to="scaled"),
        node("MatMul", "scaled", "weights", to="raw"),
        node("Add", "raw", "bias", to="score"),
        node("Sigmoid", "score", to="p"),
        node("Reshape", "p", "shape"),
    ]
    nodes[0].attribute.append(helper.make_attribute("to", FLOAT))
    constants = {
        "scale": np.array([[0.5, 2.0, 1.0]], np.float32),
        "weights": np.array([[1.0], [-0.5], [0.25]], np.float32),
        "bias": np.array([[0.125]], np.float32),
        "shape": np.array([1, 1]),
    }
    graph = model(nodes, kinds, Y, constants)
    feeds = {"a": X[:1, :1], "b": X[:1, 1:2], "t": np.array([[3]])}
    definition = assert_served(graph, feeds, batches=(1,))
    many = {"a": X[:, 0], "b": X[:, 1], "t": np.array([3, 0, 2, 7])}
    one_by_one = [run(definition, {name: column[i : i + 1] for name, column in many.items()})["Y"] for i in range(4)]
    np.testing.assert_array_equal(run(definition, many)["Y"], np.vstack(one_by_one))
