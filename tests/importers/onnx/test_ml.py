"""Operators of ``ai.onnx.ml`` without a test file of their own, compared with ONNX Runtime or its reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.onnx.compare import served
from tests.importers.onnx.graphs import CLASSIFIER, ML, model, single
from tests.importers.sklearn.compare import run

X = np.array([[-1.0, 2.0], [0.25, 0.5], [3.0, -0.0], [0.0, 0.0], [1e-40, 1e30]], np.float32)
TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]
WHOLE = {"Y": TensorProto.INT64}


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
def test_normalizer(norm: str) -> None:
    served(single("Normalizer", [None, 2], norm=norm), X[:4])


@pytest.mark.parametrize("dtype", [TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.INT32])
@pytest.mark.parametrize("offset, scale", [([0.5], [2.0]), ([0.1, 0.2], [3.0, 0.3])], ids=["one", "each"])
def test_scaler(dtype: int, offset: list[float], scale: list[float]) -> None:
    x = X[:3].astype(helper.tensor_dtype_to_np_dtype(dtype))
    served(single("Scaler", [None, 2], dtype=dtype, offset=offset, scale=scale), x)


@pytest.mark.parametrize("replaced", [0.0, float("nan"), 0.25])
@pytest.mark.parametrize("values", [[7.0], [7.0, 8.0]], ids=["one", "each"])
def test_imputer(replaced: float, values: list[float]) -> None:
    x = np.concatenate([X, np.array([[np.nan, np.inf]], np.float32)])
    served(single("Imputer", [None, 2], imputed_value_floats=values, replaced_value_float=replaced), x)


def test_imputer_of_whole_numbers() -> None:
    graph = single(
        "Imputer",
        [None, 2],
        dtype=TensorProto.INT64,
        outputs=WHOLE,
        imputed_value_int64s=[7, 8],
        replaced_value_int64=-1,
    )
    served(graph, np.array([[-1, 1], [2, -1]]))


@pytest.mark.parametrize("threshold", [0.0, 0.25])
def test_binarizer(threshold: float) -> None:
    served(single("Binarizer", [None, 2], threshold=threshold), X)


def test_feature_vectorizer_truncates_and_pads() -> None:
    node = helper.make_node("FeatureVectorizer", ["A", "B"], ["Y"], domain=ML, inputdimensions=[1, 3])
    kinds = {"A": (TensorProto.FLOAT, [None, 2]), "B": (TensorProto.FLOAT, [None, 2])}
    definition = export(model([node], kinds, {"Y": TensorProto.FLOAT}))
    got = run(definition, {"A": X, "B": X * 2})["Y"]
    np.testing.assert_array_equal(got, np.hstack([X[:, :1], X * 2, np.zeros((len(X), 1), np.float32)]))


@pytest.mark.parametrize("places", [[1], [1, 0, 1]])
def test_array_feature_extractor(places: list[int]) -> None:
    served(single("ArrayFeatureExtractor", [None, 2], constants=[np.array(places)]), X)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_linear_regressor(transform: str) -> None:
    graph = single(
        "LinearRegressor",
        [None, 2],
        coefficients=[0.5, -0.25, 0.125, 1.0],
        intercepts=[0.5, 0.25],
        targets=2,
        post_transform=transform,
    )
    served(graph, X[:4])


@pytest.mark.parametrize("labels", [{}, {"classlabels_ints": [3, 4]}, {"classlabels_strings": ["no", "yes"]}], ids=str)
@pytest.mark.parametrize("transform", TRANSFORMS[:4])
def test_linear_classifier_of_one_score(transform: str, labels: dict[str, Any]) -> None:
    outputs = CLASSIFIER | {"label": TensorProto.STRING if "classlabels_strings" in labels else TensorProto.INT64}
    weights = {"coefficients": [0.5, -0.25], "intercepts": [0.125]}
    served(single("LinearClassifier", [None, 2], outputs=outputs, post_transform=transform, **weights, **labels), X[:4])


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_linear_classifier_of_several_scores(transform: str) -> None:
    graph = single(
        "LinearClassifier",
        [None, 2],
        outputs=CLASSIFIER,
        coefficients=[0.5, -0.25, 0.125, 1.0, -1.0, 0.75],
        intercepts=[0.5, 0.25, 0.125],
        classlabels_ints=[7, 5, 6],
        multi_class=1,
        post_transform=transform,
    )
    served(graph, X[:4])


SVM: dict[str, Any] = {"kernel_params": [0.5, 0.25, 2.0], "support_vectors": [1.0, -0.5, 0.25, 2.0, -1.0, 0.0]}
PROBABILITIES = {"prob_a": [-1.0, -2.0, -0.5], "prob_b": [0.1, 0.0, -0.2]}
KERNELS = ["LINEAR", "POLY", "RBF", "SIGMOID"]


@pytest.mark.parametrize("one_class", [0, 1])
@pytest.mark.parametrize("kernel", KERNELS)
def test_svm_regressor(kernel: str, one_class: int) -> None:
    weights = {"coefficients": [0.5, -0.25, 1.0], "rho": [0.125], "n_supports": 3}
    served(single("SVMRegressor", [None, 2], kernel_type=kernel, one_class=one_class, **weights, **SVM), X[:4])


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(
    "probabilities", [{}, {"prob_a": [-1.0, -2.0, -0.5], "prob_b": [0.1, 0.0, -0.2]}], ids=["s", "p"]
)
def test_svm_classifier_of_several_classes(transform: str, probabilities: dict[str, Any]) -> None:
    weights = {"coefficients": [1.0, -2.0, 1.0, 0.5, 1.0, 1.0], "rho": [0.5, -0.2, 0.1], "vectors_per_class": [1, 1, 1]}
    graph = single(
        "SVMClassifier",
        [None, 2],
        outputs=CLASSIFIER,
        kernel_type="RBF",
        classlabels_ints=[3, 4, 5],
        post_transform=transform,
        **weights,
        **SVM,
        **probabilities,
    )
    served(graph, X[:4], scale=1e-4 if probabilities else 1e-6)  # libsvm's iteration stops early, in float32


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_svm_classifier_of_two_classes(kernel: str, transform: str) -> None:
    weights = {"coefficients": [1.0, -2.0, 0.5], "rho": [0.5], "vectors_per_class": [1, 2]}
    labels = {"classlabels_strings": ["no", "yes"], "post_transform": transform, "kernel_type": kernel}
    outputs = CLASSIFIER | {"label": TensorProto.STRING}
    served(single("SVMClassifier", [None, 2], outputs=outputs, **weights, **labels, **SVM), X[:4])


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "expected one list, found 0": ("LabelEncoder", {"keys_int64s": [1]}),
    "2 keys for 1 values": ("LabelEncoder", {"keys_floats": [1.0, 2.0], "values_floats": [1.0]}),
    "its keys do not fit its input of f32": ("LabelEncoder", {"keys_strings": ["a"], "values_int64s": [1]}),
    "it returns several texts per row": ("LabelEncoder", {"keys_floats": [1.0], "values_strings": ["a"]}),
    "3 numbers for [2] columns": ("Scaler", {"scale": [1.0, 2.0, 3.0]}),
    "norm 'L7'": ("Normalizer", {"norm": "L7"}),
    "0 values for 2 columns": ("Imputer", {"replaced_value_float": 1.0}),
    "5 coefficients for 1 targets of 2 features": ("LinearRegressor", {"coefficients": [1.0] * 5}),
    "it has no coefficients": ("LinearClassifier", {"classlabels_ints": [1, 2]}),
    "2 scores for 3 labels": ("LinearClassifier", {"coefficients": [1.0] * 4, "classlabels_ints": [1, 2, 3]}),
    "it has one score and 1 labels": ("LinearClassifier", {"coefficients": [1.0] * 2, "classlabels_ints": [1]}),
    "ONNX does not define PROBIT of a single score": (
        "LinearClassifier",
        {"coefficients": [1.0] * 2, "classlabels_ints": [1, 2], "post_transform": "PROBIT"},
    ),
    "ONNX does not define post_transform of a single score": ("SVMRegressor", {"post_transform": "LOGISTIC"}),
    "it has no rho": ("SVMRegressor", {"coefficients": [1.0, 2.0]}),
    "3 numbers do not make 2 support vectors": (
        "SVMRegressor",
        {"coefficients": [1.0] * 2, "rho": [0.0], "n_supports": 2, "support_vectors": [1.0] * 3},
    ),
    "its kernel is 'COSINE'": (
        "SVMRegressor",
        {"coefficients": [1.0], "rho": [0.0], "n_supports": 1, "support_vectors": [1.0] * 2, "kernel_type": "COSINE"},
    ),
    "it has 0 labels": ("SVMClassifier", {"coefficients": [1.0], "rho": [0.0]}),
    "0 categories": ("OneHotEncoder", {}),
    "its attribute 'weight' is not known in opset 3": ("Binarizer", {"weight": 1}),
    "0 widths for 1 inputs": ("FeatureVectorizer", {}),
    "1 labels for 2 columns": ("ZipMap", {"classlabels_int64s": [1]}),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_invalid_attributes_are_named(reason: str) -> None:
    op, attributes = REFUSED[reason]
    with pytest.raises(UnsupportedError) as error:
        export(single(op, [None, 2], **attributes))
    assert str(error.value).startswith(f"modelproto: node 'the {op}' (ai.onnx.ml.{op}) cannot be served: ")
    assert reason in str(error.value)
