"""Maps as inputs, with a column for each key, and as outputs, as labelled columns."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import pretzel
from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.onnx.compare import assert_served, runtime
from tests.importers.onnx.graphs import ML, model, single
from tests.importers.sklearn.compare import run

MAP = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, [1]))
ROWS = [{"größe": 1.5, "n": -2.0}, {"n": 3.0}, {"größe": 0.25, "other": 9.0}, {}]


def vectorizer(vocabulary: list[str]) -> onnx.ModelProto:
    node = helper.make_node("DictVectorizer", ["X"], ["Y"], domain=ML, name="dict", string_vocabulary=vocabulary)
    graph = model([node], {}, {"Y": TensorProto.FLOAT})
    graph.graph.input.append(helper.make_value_info("X", MAP))
    return graph


def test_map_keys_become_columns() -> None:
    graph = vectorizer(["größe", "n", "absent"])
    definition, session = export(graph), runtime(graph)
    assert {item.column: item.kind for item in definition.inputs} == dict.fromkeys(["größe", "n", "absent"], "f32")
    columns = {key: np.array([row.get(key, 0) for row in ROWS], np.float32) for key in ("größe", "n", "absent")}
    want = np.vstack([session.run(None, {"X": row})[0] for row in ROWS[:3]])
    np.testing.assert_array_equal(run(definition, columns)["Y"][:3], want)


def test_a_frame_can_replace_a_map() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": [1.0, 2.0], "größe": [3.0, 4.0]})
    got = pretzel.compile(vectorizer(["größe", "n"])).Y(frame)
    np.testing.assert_array_equal(got, np.array([[3, 1], [4, 2]], np.float32))


def test_maps_with_unknown_keys_are_refused() -> None:
    graph = vectorizer(["a"])
    graph.graph.node[0].op_type = "CastMap"
    with pytest.raises(UnsupportedError, match="input 'X' cannot be served: it is a map without exactly one DictVec"):
        export(graph)
    with pytest.raises(UnsupportedError, match="input 'X' cannot be served: column 'a' appears twice"):
        twice = vectorizer(["a"])
        twice.graph.input.append(twice.graph.input[0])
        export(twice)


@pytest.mark.parametrize("kind, dtype", [("TO_FLOAT", TensorProto.FLOAT), ("TO_INT64", TensorProto.INT64)])
def test_cast_maps_are_in_key_order(kind: str, dtype: int) -> None:
    nodes = [
        helper.make_node("ZipMap", ["X"], ["M"], domain=ML, classlabels_int64s=[7, 3, 5]),
        helper.make_node("CastMap", ["M"], ["Y"], domain=ML, name="cast", cast_to=kind),
    ]
    graph = model(nodes, {"X": (TensorProto.FLOAT, [None, 3])}, {"Y": dtype})
    x = np.array([[0.5, 1.5, 2.5], [-1.5, 0.0, 9.0]], np.float32)
    np.testing.assert_array_equal(
        run(export(graph), {"X": x})["Y"], x[:, [1, 2, 0]].astype("f4" if kind == "TO_FLOAT" else "i8")
    )


def test_zip_map_of_texts() -> None:
    graph = single("ZipMap", [None, 2], classlabels_strings=["a", "ö"])
    graph.graph.output[0].CopyFrom(
        helper.make_value_info("Y", onnx.TypeProto(sequence_type=onnx.TypeProto.Sequence(elem_type=MAP)))
    )
    definition = assert_served(graph, {"X": np.array([[0.5, 1.5], [2.5, 3.5]], np.float32)}, batches=(2,))
    assert definition.metadata["columns"] == {"Y": ["a", "ö"]}


BAD = {
    "its input is not a map": [("CastMap", {})],
    "its keys are texts": [("ZipMap", {"classlabels_strings": ["a", "b"]}), ("CastMap", {})],
    "it casts 'TO_STRING' in the form 'DENSE'": [
        ("ZipMap", {"classlabels_int64s": [1, 2]}),
        ("CastMap", {"cast_to": "TO_STRING"}),
    ],
    "expected one vocabulary": [("ZipMap", {"classlabels_int64s": [1, 2]}), ("DictVectorizer", {})],
    "its input 0 is not a tensor of rows": [("ZipMap", {"classlabels_int64s": [1, 2]}), ("Scaler", {"scale": [1.0]})],
}


@pytest.mark.parametrize("reason", BAD)
def test_unsupported_maps_are_refused(reason: str) -> None:
    names = ["X", *(f"v{i}" for i in range(len(BAD[reason]) - 1)), "Y"]
    nodes = [
        helper.make_node(op, [names[i]], [names[i + 1]], domain=ML, name=f"n{i}", **attributes)
        for i, (op, attributes) in enumerate(BAD[reason])
    ]
    with pytest.raises(UnsupportedError) as error:
        export(model(nodes, {"X": (TensorProto.FLOAT, [None, 2])}, {"Y": TensorProto.FLOAT}))
    assert reason in str(error.value)
