"""Whole graphs: constants folded, rows kept apart, and what cannot be served refused by node, reason and remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from pretzel.plan import ops
from tests.importers.onnx.compare import assert_served
from tests.importers.onnx.graphs import model, single
from tests.importers.sklearn.compare import run

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64
X = np.arange(12, dtype=np.float32).reshape(4, 3) - 5
MATRIX: dict[str, tuple[int, list[int | None]]] = {"X": (FLOAT, [None, 3])}
Y = {"Y": FLOAT}


def node(op: str, *inputs: str, to: str = "Y", domain: str = "", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(
        op, list(inputs), [to], name=f"the {op}" if to == "Y" else f"the {op} of {to}", domain=domain, **attributes
    )


def test_what_is_the_same_for_all_rows_is_computed_once() -> None:
    nodes = [
        node("Constant", to="shape", value_ints=[3, 1]),
        node("ConstantOfShape", "shape", to="ones", value=helper.make_tensor("v", FLOAT, [1], [1.5])),
        node("Mul", "ones", "ones", to="squares"),
        node("MatMul", "X", "squares"),
    ]
    definition = assert_served(model(nodes, MATRIX, Y), {"X": X})
    assert {item.name for item in definition.nodes} <= {"input", "linear"}


def test_nodes_that_no_output_needs_are_not_looked_at() -> None:
    nodes = [node("Unheard", "X", to="unused"), node("Relu", "X")]
    assert_served(model([nodes[1]], MATRIX, Y), {"X": X})
    assert set(export(model(nodes, MATRIX, Y)).outputs) == {"Y", "transform"}


def test_a_shape_with_the_number_of_rows_makes_columns() -> None:
    nodes = [
        node("Shape", "X", to="shape"),
        node("Gather", "shape", "first", to="rows"),
        node("Concat", "rows", "two", to="wanted", axis=0),
        node("ConstantOfShape", "wanted", to="fill", value=helper.make_tensor("v", FLOAT, [1], [7.0])),
        node("Concat", "X", "fill", axis=1),
    ]
    constants = {"first": np.array([0]), "two": np.array([2])}
    assert_served(model(nodes, MATRIX, Y, constants), {"X": X})


def test_rows_that_stand_elsewhere_for_a_while() -> None:
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
        node("Sub", "wide", "centers", to="apart"),
        node("ReduceL2", "apart", "last", to="lengths", keepdims=0),
        node("Softmax", "lengths"),
    ]
    constants = {"one": np.array([1]), "centers": centers, "last": np.array([-1])}
    assert_served(model(nodes, MATRIX, Y, constants), {"X": X})


def test_inputs_of_several_kinds_keep_their_names() -> None:
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


def test_an_input_whose_columns_are_open_is_settled_by_a_sample() -> None:
    graph = model([node("Relu", "X")], {"X": (FLOAT, [None, None])}, Y)
    with pytest.raises(UnsupportedError, match=r"input 'X' cannot be served: the number of its columns is open"):
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
    "node 'the Add' reads 'nothing', which nothing before it gives": ([node("Add", "X", "nothing")], {}),
    "the graph reads 'Y', which nothing before it gives": ([node("Relu", "X", to="Z")], {}),
    "node 'the Cast' (Cast) cannot be served: the type FLOAT16 is not served": ([node("Cast", "X", **{"to": "Y"})], {}),
    "its output 'Y' does not depend on the rows": ([node("Neg", "c")], {"c": np.ones(3, np.float32)}),
    "the rows of its output 'Y' are not in the first dimension": ([node("Transpose", "X")], {}),
    "'A' is given twice": ([node("Relu", "X", to="A"), node("Abs", "X", to="A"), node("Neg", "A")], {}),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_served_is_named(said: str) -> None:
    nodes, constants = REFUSED[said]
    if "Cast" in said:
        nodes = [helper.make_node("Cast", ["X"], ["Y"], name="the Cast", to=TensorProto.FLOAT16)]
    graph = model(nodes, MATRIX, Y, constants)
    graph.opset_import.append(helper.make_opsetid("acme", 1))
    with pytest.raises(UnsupportedError) as error:
        export(graph)
    assert said in str(error.value), str(error.value)


def test_a_circle_is_refused() -> None:
    nodes = [node("Add", "X", "B", to="A"), node("Abs", "A", to="B"), node("Neg", "A")]
    with pytest.raises(UnsupportedError, match=r"node 'the Add of A' reads 'B', which nothing before it gives"):
        export(model(nodes, MATRIX, Y))


def test_a_newer_opset_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"it is of opset 999, newer than \d+; upgrade onnx"):
        export(model([node("Relu", "X")], MATRIX, Y, opset=999))


def test_functions_of_its_own_are_refused() -> None:
    graph = model([node("Relu", "X")], MATRIX, Y)
    graph.functions.append(onnx.FunctionProto(name="twice", domain="acme"))
    with pytest.raises(UnsupportedError, match="it defines functions of its own; inline them"):
        export(graph)


def test_data_in_another_file_are_refused() -> None:
    graph = model([node("Add", "X", "c")], MATRIX, Y, {"c": np.ones(3, np.float32)})
    graph.graph.initializer[0].data_location = TensorProto.EXTERNAL
    graph.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")
    with pytest.raises(UnsupportedError, match="its data lie in another file; save the model as one file"):
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
def test_a_few_bytes_cannot_ask_for_much_memory(nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray]) -> None:
    given = {"o": np.ones(1, np.float32), "z": np.array(0), "i": np.array(1), "v": np.zeros(2, np.float32)}
    with pytest.raises(UnsupportedError, match="cannot be served"):
        export(model(nodes, MATRIX, Y, given | constants))


def test_constants_that_double_each_other_are_bounded() -> None:
    nodes = [node("Concat", f"c{i}", f"c{i}", to=f"c{i + 1}", axis=0) for i in range(40)] + [node("Add", "X", "c40")]
    with pytest.raises(UnsupportedError, match="numbers"):
        export(model(nodes, MATRIX, Y, {"c0": np.ones(1 << 10, np.float32)}))


def test_labels_looked_up_in_a_constant_are_labels() -> None:
    nodes = [
        node("ArgMax", "X", to="best", axis=1),
        node("ArrayFeatureExtractor", "words", "best", to="found", domain="ai.onnx.ml"),
        node("Reshape", "found", "flat"),
    ]
    constants = {"words": np.array(["a", "b", "ö"], object), "flat": np.array([-1])}
    definition = export(model(nodes, MATRIX, {"Y": TensorProto.STRING}, constants))
    assert isinstance(definition.outputs["Y"], ops.LabelLookup)
    assert run(definition, {"X": np.eye(3, dtype=np.float32)})["Y"].tolist() == ["a", "b", "ö"]


def test_tokens_between_separators_and_by_length() -> None:
    for attributes, want in (
        ({"separators": [" ", ";"]}, [[1, 1], [0, 1], [0, 0]]),
        ({"tokenexp": "[a-z]+", "mincharnum": 3}, [[0, 1], [0, 1], [0, 0]]),
        ({"tokenexp": r"\w+"}, [[1, 1], [0, 1], [0, 0]]),
    ):
        nodes = [
            node("Tokenizer", "X", to="T", domain="com.microsoft", mark=0, pad_value="#", **attributes),
            node("TfIdfVectorizer", "T", **VOCABULARY),
        ]
        definition = export(model(nodes, {"X": (TensorProto.STRING, [None])}, Y))
        got = run(definition, {"X": ["ab abc", "abc;xyz", ""]})["Y"]
        np.testing.assert_array_equal(got, np.array(want, np.float32))


VOCABULARY: dict[str, Any] = {
    "mode": "TF",
    "min_gram_length": 1,
    "max_gram_length": 1,
    "max_skip_count": 0,
    "ngram_counts": [0],
    "ngram_indexes": [0, 1],
    "pool_strings": ["ab", "abc"],
}


@pytest.mark.parametrize("mode, want", [("TF", [2, 1]), ("IDF", [0.5, 3]), ("TFIDF", [1, 3])])
def test_counts_are_weighted_as_the_mode_says(mode: str, want: list[float]) -> None:
    nodes = [
        node("Tokenizer", "X", to="T", domain="com.microsoft", mark=0, mincharnum=1, pad_value="#", tokenexp="[a-z]+"),
        node("TfIdfVectorizer", "T", **VOCABULARY | {"mode": mode, "weights": [0.5, 3.0]}),
    ]
    definition = assert_served(
        model(nodes, {"X": (TensorProto.STRING, [None])}, Y), {"X": np.array(["ab ab abc", ""])}, batches=(1, 2)
    )
    np.testing.assert_array_equal(run(definition, {"X": ["ab ab abc"]})["Y"], np.array([want], np.float32))


TOKENS: dict[str, dict[str, Any]] = {
    "it marks the beginning": {"mark": 1, "tokenexp": "[a-z]+"},
    "its pattern is not served": {"mark": 0, "tokenexp": "(a|b)+c"},
    r"its pattern holds \\s": {"mark": 0, "tokenexp": r"\S+"},
    "it cuts texts into characters": {"mark": 0, "separators": [""]},
    "its separators are patterns": {"mark": 0, "separators": ["ab"]},
    "expected either tokenexp or separators": {"mark": 0},
}


@pytest.mark.parametrize("said", TOKENS)
def test_tokens_of_other_kinds_are_refused(said: str) -> None:
    graph = single("Tokenizer", [None], domain="com.microsoft", dtype=TensorProto.STRING, **TOKENS[said])
    with pytest.raises(UnsupportedError, match=said):
        export(graph)
