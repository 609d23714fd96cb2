"""The encoders of ``ai.onnx.ml``: labels to labels, and categories to columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from pretzel.errors import InputError
from pretzel.importers import export
from pretzel.plan.reference import evaluate
from tests.importers.onnx.compare import served
from tests.importers.onnx.graphs import single
from tests.importers.sklearn.compare import run

TEXT = {"Y": TensorProto.STRING}

NAN = float("nan")
ENCODERS: dict[str, tuple[int, int, dict[str, Any], list[Any]]] = {
    "texts to numbers": (
        TensorProto.STRING,
        TensorProto.INT64,
        {"keys_strings": ["a", "ä", ""], "values_int64s": [3, 1, 2], "default_int64": 9},
        ["a", "", "ä", "b", "A"],
    ),
    "texts to floats": (
        TensorProto.STRING,
        TensorProto.FLOAT,
        {"keys_strings": ["a", "b"], "values_floats": [0.5, NAN]},
        ["a", "b", "c"],
    ),
    "texts to texts": (
        TensorProto.STRING,
        TensorProto.STRING,
        {"keys_strings": ["a", "b"], "values_strings": ["x", "x"], "default_string": "ö"},
        ["b", "a", "c"],
    ),
    "numbers to texts": (
        TensorProto.INT64,
        TensorProto.STRING,
        {"keys_int64s": [5, -3], "values_strings": ["five", "minus three"]},
        [-3, 5, 0, 2**40],
    ),
    "numbers to numbers": (
        TensorProto.INT64,
        TensorProto.INT64,
        {"keys_int64s": [5, -3], "values_int64s": [50, -30]},
        [-3, 5, 0],
    ),
    "floats to floats": (
        TensorProto.FLOAT,
        TensorProto.FLOAT,
        {"keys_floats": [0.1, NAN, 0.0], "values_floats": [1.0, 2.0, 3.0], "default_float": -7.5},
        [0.1, NAN, -0.0, 0.5],
    ),
    "floats to texts": (
        TensorProto.FLOAT,
        TensorProto.STRING,
        {"keys_floats": [0.1, 2.0], "values_strings": ["tenth", "two"]},
        [0.1, 2.0, 3.0],
    ),
    "a key twice": (
        TensorProto.INT64,
        TensorProto.INT64,
        {"keys_int64s": [5, 5, 6], "values_int64s": [1, 2, 3]},
        [5, 6, 7],
    ),
}


@pytest.mark.parametrize("ml", [2, 4])
@pytest.mark.parametrize("name", ENCODERS)
def test_label_encoder(name: str, ml: int) -> None:
    dtype, result, attributes, items = ENCODERS[name]
    kind: Any = object if dtype == TensorProto.STRING else helper.tensor_dtype_to_np_dtype(dtype)
    graph = single("LabelEncoder", [None, 1], dtype=dtype, outputs={"Y": result}, ml=ml, opset=21, **attributes)
    x = np.array(items, kind)[:, None]
    if name != "a key twice":
        served(graph, x)
        return
    np.testing.assert_array_equal(run(export(graph), {"X": x})["Y"], [[1], [3], [-1]])  # the first of equal keys counts


def test_label_encoder_of_tensors_and_several_columns() -> None:
    graph = single(
        "LabelEncoder",
        [None, 2],
        dtype=TensorProto.INT64,
        outputs={"Y": TensorProto.DOUBLE},
        opset=21,
        ml=4,
        keys_tensor=helper.make_tensor("k", TensorProto.INT64, [2], [1, 2]),
        values_tensor=helper.make_tensor("v", TensorProto.DOUBLE, [2], [0.1, 0.2]),
        default_tensor=helper.make_tensor("d", TensorProto.DOUBLE, [1], [-0.5]),
    )
    served(graph, np.array([[1, 2], [3, 1]]))


@pytest.mark.parametrize("texts", [True, False])
def test_category_mapper(texts: bool) -> None:
    kinds = (TensorProto.STRING, TensorProto.INT64) if texts else (TensorProto.INT64, TensorProto.STRING)
    maps = {"cats_strings": ["a", "b"], "cats_int64s": [4, 2], "default_int64": -5, "default_string": "?"}
    graph = single("CategoryMapper", [None, 1], dtype=kinds[0], outputs={"Y": kinds[1]}, **maps)
    served(graph, np.array([["b"], ["a"], ["c"]], object) if texts else np.array([[2], [4], [5]]))


@pytest.mark.parametrize("texts", [True, False])
def test_one_hot_encoder(texts: bool) -> None:
    dtype = TensorProto.STRING if texts else TensorProto.INT64
    categories: dict[str, Any] = {"cats_strings": ["a", "b", "c"]} if texts else {"cats_int64s": [5, 2, 3]}
    x = np.array([["b", "a"], ["z", "c"]], object) if texts else np.array([[2, 5], [9, 3]])
    served(single("OneHotEncoder", [None, 2], dtype=dtype, zeros=1, **categories), x)


def test_one_hot_encoder_that_rejects_unknown_values() -> None:
    graph = single("OneHotEncoder", [None, 1], dtype=TensorProto.STRING, zeros=0, cats_strings=["a", "b"])
    served(graph, np.array([["b"], ["a"]], object))
    with pytest.raises(InputError, match=r"Found unknown categories \['z'\]"):
        run(export(graph), {"X": ["b", "z"]})


def test_references_and_kernels_agree_on_text_labels() -> None:
    graph = single(
        "LabelEncoder", [None, 1], dtype=TensorProto.INT64, outputs=TEXT, keys_int64s=[1], values_strings=["ja"]
    )
    definition = export(graph)
    columns = {"X": np.array([[1], [2]])}
    assert evaluate(definition, columns)["Y"].tolist() == run(definition, columns)["Y"].tolist() == ["ja", "_Unused"]
