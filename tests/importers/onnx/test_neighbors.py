"""Nearest neighbours as converters write them: several targets, equal distances, and their operators."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from skl2onnx import to_onnx
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from tests.importers.onnx.compare import assert_served
from tests.importers.onnx.graphs import single

RNG = np.random.default_rng(0)
BITS = (RNG.random((80, 12)) < 0.3).astype(np.float32)
"""Rows with many equal distances."""
BOTH = {"V": TensorProto.FLOAT, "I": TensorProto.INT64}
X = RNG.standard_normal((30, 3)).astype(np.float32)


def converted(estimator: Any, x: np.ndarray, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return to_onnx(estimator, x[:1], options={id(estimator): options} if options else None)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("targets", [1, 2, 3])
def test_regressors_return_all_targets(weights: str, count: int, targets: int) -> None:
    y = RNG.standard_normal((30, targets)).astype(np.float32)
    model = converted(KNeighborsRegressor(count, weights=weights).fit(X, y), X)
    definition = assert_served(model, {"X": X + 0.1}, batches=(1, 2, 3, 30))
    assert definition.outputs["variable"].type.columns == targets


def test_one_target_of_one_dimension() -> None:
    model = converted(KNeighborsRegressor(4).fit(X, X[:, 0]), X)
    assert_served(model, {"X": X + 0.1}, batches=(1, 2, 4, 30))


def test_equally_distant_neighbours_keep_training_order() -> None:
    labels = RNG.integers(0, 3, 80)
    queries = (RNG.random((200, 12)) < 0.3).astype(np.float32)
    model = converted(KNeighborsClassifier(3).fit(BITS, labels), BITS, zipmap=False)
    assert_served(model, {"X": queries}, batches=(1, 200))
    assert_served(converted(KNeighborsRegressor(5).fit(BITS, np.eye(80)), BITS), {"X": queries}, batches=(1, 200))


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("width", [1, 2, 5, 40, 300])
@pytest.mark.parametrize("odd", [(), (np.inf, -np.inf, -0.0), (np.inf, -np.inf, -0.0, np.nan)])
def test_equal_values_keep_column_order(largest: int, width: int, odd: tuple[float, ...]) -> None:
    x = RNG.integers(-2, 3, (60, width)).astype(np.float32)
    for value in odd:
        x[RNG.random(x.shape) < 0.2] = value
    x[0, : min(5, width)] = [2, 2, 2, 1, 1][:width]
    for count in {1, min(3, width), width}:
        model = single("TopK", [None, width], domain="", outputs=BOTH, constants=[np.array([count])], largest=largest)
        assert_served(model, {"X": x}, batches=(1, 60))
