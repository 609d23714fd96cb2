"""NaN, infinities, large integers and places out of range, on which ONNX Runtime decides what ONNX leaves open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.onnx.compare import assert_served, served
from tests.importers.onnx.graphs import CLASSIFIER, Y, model, node, single, stump, targets, together

NAN, INF = np.nan, np.inf
LABEL = {"Y": TensorProto.INT64}
STEP = np.array([[0.0], [1.0]], np.float32)
FLOATS = [TensorProto.FLOAT, TensorProto.DOUBLE]


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("operator", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("width", [2, 5, 40])
def test_positions_of_extremes_pass_over_nan(width: int, dtype: int, operator: str, last: int) -> None:
    rng = np.random.default_rng(width)
    x = rng.integers(0, 3, (200, width)).astype(helper.tensor_dtype_to_np_dtype(dtype))
    x[rng.random(x.shape) < 0.3] = NAN
    x[100:][rng.random((100, width)) < 0.2] = INF
    x[150:][rng.random((50, width)) < 0.5] = -INF
    options: dict[str, Any] = {"axis": 1, "keepdims": 0, "select_last_index": last}
    served(single(operator, [None, width], domain="", dtype=dtype, outputs=LABEL, **options), x)


@pytest.mark.parametrize("bounds", [{}, {"lo": -1.0}, {"hi": 1.0}], ids=str)
@pytest.mark.parametrize(
    ("opset", "dtype"), [(11, TensorProto.FLOAT), (13, TensorProto.FLOAT), (13, TensorProto.DOUBLE)]
)
def test_a_missing_bound_is_the_largest_number(opset: int, dtype: int, bounds: dict[str, float]) -> None:
    x = np.array([[INF], [-INF], [NAN], [0.5], [3.0]], helper.tensor_dtype_to_np_dtype(dtype))
    names = [name if name in bounds else "" for name in ("lo", "hi")]
    constants = {name: np.array(value, x.dtype) for name, value in bounds.items()}
    clip = node("Clip", "X", *(names if names[1] else names[:1]))
    served(model([clip], {"X": (dtype, [None, 1])}, {"Y": dtype}, constants, opset=opset), x)


def test_a_bound_of_nan_is_refused() -> None:
    graph = single("Clip", [None, 1], domain="", constants=[np.array(NAN, np.float32)])
    with pytest.raises(UnsupportedError, match="one of its bounds is NaN"):
        export(graph)


@pytest.mark.parametrize("dtype", [TensorProto.INT32, TensorProto.INT64])
def test_norms_of_integers_whose_squares_exceed_the_type(dtype: int) -> None:
    kind = helper.tensor_dtype_to_np_dtype(dtype)
    x = np.array([[50_000, 0], [30_000, 40_000], [3, -4], [-16_777_217, 0], [0, 0], [1, 1]], kind)
    served(single("ReduceL2", [None, 2], domain="", dtype=dtype, outputs={"Y": dtype}, opset=13, axes=[1]), x)


@pytest.mark.parametrize("step", [1, 2, -1, -2])
@pytest.mark.parametrize("start", [-9, -3, -1, 0, 2, 9])
def test_slices_that_begin_or_end_out_of_range(start: int, step: int) -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    for end in (-9, -4, -3, -1, 0, 1, 9):
        places = {name: np.array([at]) for name, at in zip("seap", (start, end, 1, step), strict=True)}
        width = len(range(3)[_slice(start, end, step)])
        if width:
            served(model([node("Slice", "X", *"seap")], {"X": (TensorProto.FLOAT, [None, 3])}, Y, places), x)


def _slice(start: int, end: int, step: int) -> slice:
    return slice(max(start, -3) if step < 0 else start, end, step)


@pytest.mark.parametrize("weights", [[1.0, -1.0, 1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 2.0, -1.0, 1.0, 1.0]], ids=str)
def test_labels_of_scores_with_nan(weights: list[float]) -> None:
    x = np.array([[INF, INF], [INF, 1], [-INF, INF], [NAN, 1], [1, NAN], [-INF, -INF], [1, 2]], np.float32)
    options: dict[str, Any] = {"coefficients": weights, "intercepts": [0.0, 0.0, 0.0], "classlabels_ints": [3, 4, 5]}
    served(single("LinearClassifier", [None, 2], outputs=CLASSIFIER, **options), x)


@pytest.mark.parametrize("operator", ["LinearClassifier", "SVMClassifier"])
@pytest.mark.parametrize("dtype", [TensorProto.DOUBLE, TensorProto.INT64])
def test_classifiers_round_their_input_to_float32(dtype: int, operator: str) -> None:
    options: dict[str, Any] = {"coefficients": [1.0, -1.0, 0.5, 0.5], "classlabels_ints": [3, 4]}
    linear = {"intercepts": [0.5, 0.0]}
    machine = {"rho": [0.5], "kernel_type": "LINEAR", "kernel_params": [0.0, 0.0, 0.0]}
    options |= linear if operator == "LinearClassifier" else machine
    x = np.array([[2**24 + 1, 2**24], [2**30 + 1, 2**30 - 1], [1, 2]])
    graph = single(operator, [None, 2], dtype=dtype, outputs=CLASSIFIER, **options)
    served(graph, x.astype(helper.tensor_dtype_to_np_dtype(dtype)))


def _classifier(trees: int, weights: list[float], ids: list[int], classes: int, **options: Any) -> Any:
    nodes = together(*(stump("BRANCH_LEQ", tree=i) for i in range(trees)))
    nodes |= targets(trees, weights=weights, kind="class", ids=ids)
    labels = {"classlabels_int64s": list(range(7, 7 + classes))}
    return single("TreeEnsembleClassifier", [None, 1], outputs=CLASSIFIER, **nodes, **labels, **options)


@pytest.mark.parametrize(
    ("trees", "weights", "ids"),
    [
        (2, [-0.5, -1.0, -2.0, -0.25], [2, 2, 3, 3]),
        (1, [0.0, 2.0], [2, 2]),
        (1, [0.5, 2.0], [2, 1]),
        (3, [-1.0, -2.0, -3.0, -0.5, -4.0, -1.0], [0, 0, 1, 1, 2, 3]),
    ],
    ids=str,
)
def test_labels_of_classes_that_get_no_weight(trees: int, weights: list[float], ids: list[int]) -> None:
    graph = _classifier(trees, weights, ids, 4)
    if min(weights) < 0 and len(set(ids)) == 4:
        with pytest.raises(UnsupportedError, match="some rows add nothing to a class, and its weights are not all pos"):
            export(graph)
        graph = _classifier(trees, weights, ids, 4, base_values=[-1.0, -2.0, -3.0, -4.0])
    assert_served(graph, {"X": STEP}, batches=(2,))


def test_weights_for_both_of_two_classes_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="weights for both of two classes"):
        export(_classifier(2, [0.2, 0.8, 0.7, 0.3], [0, 0, 1, 1], 2))


def test_base_values_of_targets_that_get_no_weight_are_refused() -> None:
    nodes = stump("BRANCH_LEQ") | targets(1, weights=[1.0, 2.0], ids=[0, 1])
    graph = single("TreeEnsembleRegressor", [None, 1], n_targets=2, base_values=[10.0, 20.0], **nodes)
    with pytest.raises(UnsupportedError, match="some rows add nothing to a target with a base value; give each leaf"):
        export(graph)
