"""Dimensions, attributes and inputs of a node are used or refused by name, never ignored."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.onnx.compare import assert_served
from tests.importers.onnx.graphs import FLOAT, ML, Y, model, node, single

X = np.array([[0.0, 1.0, 2.0], [5.0, 6.0, 7.0]], np.float32)
ODD = np.array([[np.inf, -np.inf, np.nan]], np.float32)
CODES = np.array([[0], [1], [7]])
CUBE: dict[str, tuple[int, list[int | None]]] = {"X": (FLOAT, [None, 2, 3])}
MATRIX: dict[str, tuple[int, list[int | None]]] = {"X": (FLOAT, [None, 4])}


def standard(op: str, *constants: np.ndarray, **attributes: Any) -> onnx.ModelProto:
    return single(op, [None, 3], domain="", constants=list(constants), **attributes)


def tensor(kind: int, *values: Any) -> onnx.TensorProto:
    return helper.make_tensor("t", kind, [len(values)], [v.encode() if isinstance(v, str) else v for v in values])


def encoder(kind: int, **attributes: Any) -> onnx.ModelProto:
    return single("LabelEncoder", [None, 1], dtype=TensorProto.INT64, outputs={"Y": kind}, ml=4, **attributes)


TWO = {"keys_int64s": [0, 1]}
INT, DOUBLE, STRING = TensorProto.INT64, TensorProto.DOUBLE, TensorProto.STRING
ENCODERS = {
    "integers": encoder(INT, **TWO, values_int64s=[5, 6], default_tensor=tensor(INT, 42)),
    "both defaults": encoder(INT, **TWO, values_int64s=[5, 6], default_int64=9, default_tensor=tensor(INT, 42)),
    "tensor of integers": encoder(INT, **TWO, values_tensor=tensor(INT, 5, 6), default_int64=9),
    "tensor of floats": encoder(FLOAT, **TWO, values_tensor=tensor(FLOAT, 5, 6), default_float=9.0),
    "tensor of doubles": encoder(
        DOUBLE, keys_tensor=tensor(INT, 0, 1), values_tensor=tensor(DOUBLE, 5, 6), default_float=9.0
    ),
    "floats": encoder(FLOAT, **TWO, values_floats=[5.0, 6.0], default_tensor=tensor(FLOAT, 42.0)),
    "texts": encoder(STRING, **TWO, values_strings=["a", "b"], default_tensor=tensor(STRING, "z")),
}


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_the_default_of_an_encoder(name: str) -> None:
    assert_served(ENCODERS[name], {"X": CODES})


@pytest.mark.parametrize("bounds", [{}, {"min": 0.0}, {"max": 1.0}, {"min": 0.0, "max": 1.0}])
@pytest.mark.parametrize("opset", [6, 10])
def test_default_bounds_of_old_clips(bounds: dict[str, float], opset: int) -> None:
    assert_served(standard("Clip", opset=opset, **bounds), {"X": ODD})


@pytest.mark.parametrize(
    "op", ["ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMean", "ReduceProd", "ReduceSumSquare"]
)
def test_a_reduction_over_no_axes(op: str) -> None:
    assert_served(standard(op, noop_with_empty_axes=1), {"X": -X})


def test_a_logarithm_over_no_axes() -> None:
    assert_served(standard("ReduceLogSum", noop_with_empty_axes=1), {"X": X})


def test_a_dimension_before_that_of_the_rows() -> None:
    nodes = [node("Transpose", "X", to="t", perm=[1, 0, 2]), node("Reshape", "t", "c", to="r"), node("Transpose", "r")]
    nodes[2].attribute.append(helper.make_attribute("perm", [1, 0, 2]))
    cube = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    for shape in ([2, -1, 3], [2, 0, -1], [0, 0, 3], [0, -1, 3]):
        assert_served(model(nodes, CUBE, Y, {"c": np.array(shape)}), {"X": cube}, batches=(1, 2, 4))


def test_a_shape_with_the_declared_number_of_rows() -> None:
    graph = model([node("Reshape", "X", "c")], {"X": (FLOAT, [1, 4])}, Y, {"c": np.array([1, -1])})
    assert_served(graph, {"X": np.arange(4, dtype=np.float32)[None]}, batches=(1,))


REFUSED = {
    "which moves numbers between rows": [
        model([node("Reshape", "X", "c")], MATRIX, Y, {"c": np.array([2, -1])}),
        model([node("Reshape", "X", "c")], MATRIX, Y, {"c": np.array([1, -1])}),
        model([node("Reshape", "X", "c")], MATRIX, Y, {"c": np.array([-1, 2])}),
        model(
            [node("Unsqueeze", "X", "a", to="u"), node("Reshape", "u", "c")],
            MATRIX,
            Y,
            {"a": np.array([0]), "c": np.array([0, -1])},
        ),
        model([node("Reshape", "X", "c", allowzero=1)], MATRIX, Y, {"c": np.array([0, 4])}),
    ],
    "a constant differs from row to row": [
        standard("Gemm", np.eye(3, 2, dtype=np.float32), np.array([[10.0], [20.0]], np.float32))
    ],
    "does not fit 1 columns": [
        standard("Gemm", np.eye(3, 1, dtype=np.float32), np.array([[10.0, 20.0]], np.float32), beta=2.0)
    ],
    "all after it run over the rows": [
        model([node("Transpose", "X", to="t", perm=[1, 0, 2]), node("Softmax", "t", axis=0)], CUBE, Y, opset=11)
    ],
    "p is 3": [standard("LpNormalization", p=3)],
    "position -1 is negative": [single("ArrayFeatureExtractor", [None, 3], constants=[np.array([-1])])],
    "ONNX does not define the dimension of its numbers": [
        single("Scaler", [None, 2, 1], offset=[1.0, 2.0], scale=[1.0, 1.0]),
        single("Imputer", [None, 2, 3], imputed_value_floats=[1.0] * 6, replaced_value_float=3.0),
    ],
    "it is given rows of []": [
        single("Normalizer", [None], norm="L2"),
        single("LinearRegressor", [None], coefficients=[2.0]),
        single("FeatureVectorizer", [None], inputdimensions=[1]),
    ],
    "training mode": [standard("Dropout", opset=6)],
    "its attribute 'n_targets' is not known": [
        single("SVMRegressor", [None, 3], n_targets=2, coefficients=[1.0, 2.0, 3.0], rho=[1.0], n_supports=0)
    ],
    "its input 1 is not known": [standard("Relu", np.ones(1, np.float32))],
    "its default is 1 of int64": [
        encoder(FLOAT, **TWO, values_floats=[5.0, 6.0], default_tensor=tensor(INT, 42)),
    ],
    "its locale is 'tr_TR'": [
        single(
            "StringNormalizer",
            [None, 1],
            domain="",
            dtype=STRING,
            outputs={"Y": STRING},
            case_change_action="LOWER",
            locale="tr_TR",
        )
    ],
    "the rows of its output 'Y' are not in the first dimension": [
        model(
            [node("ArrayFeatureExtractor", "table", "X", domain=ML)],
            {"X": (INT, [None, 1])},
            Y,
            {"table": np.ones((2, 5), np.float32)},
        )
    ],
    "its input 0 is not a tensor of rows": [
        model(
            [node("ArrayFeatureExtractor", "table", "X", to="line", domain=ML), node("Relu", "line")],
            {"X": (INT, [None, 2])},
            Y,
            {"table": np.ones(5, np.float32)},
        )
    ],
}


@pytest.mark.parametrize(("reason", "graph"), [(reason, item) for reason, all_ in REFUSED.items() for item in all_])
def test_refusals(reason: str, graph: onnx.ModelProto) -> None:
    with pytest.raises(UnsupportedError) as error:
        export(graph)
    assert reason in str(error.value)
