"""The other operators of ``ai.onnx.ml``, attribute by attribute, against ONNX Runtime or ONNX's reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.plan.reference import evaluate
from tests.importers.onnx.compare import assert_served
from tests.importers.onnx.graphs import CLASSIFIER, ML, model, single
from tests.importers.sklearn.compare import run

X = np.array([[-1.0, 2.0], [0.25, 0.5], [3.0, -0.0], [0.0, 0.0], [1e-40, 1e30]], np.float32)
TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]
TEXT = {"Y": TensorProto.STRING}
WHOLE = {"Y": TensorProto.INT64}


def served(graph: onnx.ModelProto, x: np.ndarray = X, **options: Any) -> Any:
    """Compare over all rows at once, and one by one."""
    return assert_served(graph, {"X": x}, batches=(1, len(x)), **options)


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
    served(single("Binarizer", [None, 2], threshold=threshold))


def test_feature_vectorizer_cuts_and_fills_up() -> None:
    node = helper.make_node("FeatureVectorizer", ["A", "B"], ["Y"], domain=ML, inputdimensions=[1, 3])
    kinds = {"A": (TensorProto.FLOAT, [None, 2]), "B": (TensorProto.FLOAT, [None, 2])}
    definition = export(model([node], kinds, {"Y": TensorProto.FLOAT}))
    got = run(definition, {"A": X, "B": X * 2})["Y"]
    np.testing.assert_array_equal(got, np.hstack([X[:, :1], X * 2, np.zeros((len(X), 1), np.float32)]))


@pytest.mark.parametrize("places", [[1], [1, 0, 1]])
def test_array_feature_extractor(places: list[int]) -> None:
    served(single("ArrayFeatureExtractor", [None, 2], constants=[np.array(places)]))


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
    served(graph, X[:4], scale=1e-4 if probabilities else 1e-6)  # libsvm's iteration ends early, in float32


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_svm_classifier_of_two_classes(kernel: str, transform: str) -> None:
    weights = {"coefficients": [1.0, -2.0, 0.5], "rho": [0.5], "vectors_per_class": [1, 2]}
    labels = {"classlabels_strings": ["no", "yes"], "post_transform": transform, "kernel_type": kernel}
    outputs = CLASSIFIER | {"label": TensorProto.STRING}
    served(single("SVMClassifier", [None, 2], outputs=outputs, **weights, **labels, **SVM), X[:4])


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
    np.testing.assert_array_equal(run(export(graph), {"X": x})["Y"], [[1], [3], [-1]])  # the first one counts


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


def test_one_hot_encoder_that_refuses_what_it_does_not_know() -> None:
    graph = single("OneHotEncoder", [None, 1], dtype=TensorProto.STRING, zeros=0, cats_strings=["a", "b"])
    served(graph, np.array([["b"], ["a"]], object))
    with pytest.raises(InputError, match=r"Found unknown categories \['z'\]"):
        run(export(graph), {"X": ["b", "z"]})


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "expected one list, found 0": ("LabelEncoder", {"keys_int64s": [1]}),
    "2 keys for 1 values": ("LabelEncoder", {"keys_floats": [1.0, 2.0], "values_floats": [1.0]}),
    "its keys do not fit its input of f32": ("LabelEncoder", {"keys_strings": ["a"], "values_int64s": [1]}),
    "it gives several texts a row": ("LabelEncoder", {"keys_floats": [1.0], "values_strings": ["a"]}),
    "3 numbers for [2] columns": ("Scaler", {"scale": [1.0, 2.0, 3.0]}),
    "norm 'L7'": ("Normalizer", {"norm": "L7"}),
    "0 values for 2 columns": ("Imputer", {"replaced_value_float": 1.0}),
    "5 coefficients for 1 targets of 2 features": ("LinearRegressor", {"coefficients": [1.0] * 5}),
    "it has no coefficients": ("LinearClassifier", {"classlabels_ints": [1, 2]}),
    "2 scores for 3 labels": ("LinearClassifier", {"coefficients": [1.0] * 4, "classlabels_ints": [1, 2, 3]}),
    "it has one score and 1 labels": ("LinearClassifier", {"coefficients": [1.0] * 2, "classlabels_ints": [1]}),
    "PROBIT makes two scores of one is left open": (
        "LinearClassifier",
        {"coefficients": [1.0] * 2, "classlabels_ints": [1, 2], "post_transform": "PROBIT"},
    ),
    "what post_transform makes of one score": ("SVMRegressor", {"post_transform": "LOGISTIC"}),
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


@pytest.mark.parametrize("said", REFUSED)
def test_a_bad_attribute_is_named(said: str) -> None:
    op, attributes = REFUSED[said]
    with pytest.raises(UnsupportedError) as error:
        export(single(op, [None, 2], **attributes))
    assert str(error.value).startswith(f"modelproto: node 'the {op}' (ai.onnx.ml.{op}) cannot be served: ")
    assert said in str(error.value)


def test_references_and_kernels_agree_on_words_for_labels() -> None:
    graph = single(
        "LabelEncoder", [None, 1], dtype=TensorProto.INT64, outputs=TEXT, keys_int64s=[1], values_strings=["ja"]
    )
    definition = export(graph)
    columns = {"X": np.array([[1], [2]])}
    assert evaluate(definition, columns)["Y"].tolist() == run(definition, columns)["Y"].tolist() == ["ja", "_Unused"]
