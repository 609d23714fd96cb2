"""Forests and boosted trees against the libraries that grew them, lleaves and ONNX Runtime; one thread each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks.harness import Row, compare
from benchmarks.kernels.tables import diamonds

BATCHES = (1, 100, 10_000)
NUMERALS = 1e-4
"""What ONNX Runtime, which computes in float32, may be off by: its thresholds and sums are not the library's."""

Answer = Callable[[np.ndarray], Any]


def measure() -> list[Row]:
    """Compare the public methods with scikit-learn's, LightGBM's, and those of engines for their models."""
    x, price = diamonds(max(BATCHES))
    with threadpool_limits(1):
        return [
            *(row for name, model in _models().items() for row in _sklearn(name, model, x, price)),
            *_lightgbm(x, price),
        ]


def _models() -> dict[str, Any]:
    return {
        "tree of any depth": DecisionTreeRegressor(random_state=0),
        "forest, 100 trees of depth 12": RandomForestRegressor(100, max_depth=12, random_state=0),
        "forest, 100 trees of any depth": RandomForestRegressor(100, random_state=0),
        "extra trees, 100 of any depth": ExtraTreesRegressor(100, random_state=0),
        "forest of 3 classes, 100 trees": RandomForestClassifier(100, max_depth=12, random_state=0),
        "isolation forest, 100 trees": IsolationForest(random_state=0),
        "gradient boosting, 100 trees": GradientBoostingRegressor(random_state=0),
        "histogram boosting, 300 trees": HistGradientBoostingRegressor(max_iter=300, random_state=0),
        "histogram boosting of 3 classes, 100 rounds": HistGradientBoostingClassifier(max_iter=100, random_state=0),
    }


def _sklearn(name: str, model: Any, x: np.ndarray, price: np.ndarray) -> Iterator[Row]:
    by_class = hasattr(model, "predict_proba")
    fitted = model.fit(x, np.digitize(price, np.quantile(price, [0.3, 0.7])) if by_class else price)
    method = next(m for m in ("predict_proba", "score_samples", "predict") if hasattr(fitted, m))
    ours = getattr(pretzel.compile(fitted), method)
    yield from _both(name, "scikit-learn", ours, getattr(fitted, method), x)
    if find_spec("skl2onnx") and find_spec("onnxruntime") and method == "predict":
        from skl2onnx import to_onnx

        try:
            converted = to_onnx(fitted, x[:1].astype(np.float32))
        except ValueError:  # the converter does not have every model
            return
        yield from _onnx(name, ours, converted, x)


def _lightgbm(x: np.ndarray, price: np.ndarray) -> Iterator[Row]:
    if not find_spec("lightgbm"):
        return
    import lightgbm

    name = "LightGBM, 500 trees x 63 leaves"
    options = {"objective": "regression", "num_leaves": 63, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(options, lightgbm.Dataset(x, price), 500)
    ours = pretzel.compile(booster).predict
    yield from _both(name, "LightGBM", ours, lambda rows: booster.predict(rows, num_threads=1), x)
    if find_spec("lleaves"):
        yield from _lleaves(name, ours, booster, x)
    if find_spec("onnxmltools") and find_spec("onnxruntime"):
        from onnxmltools import convert_lightgbm
        from onnxmltools.convert.common.data_types import FloatTensorType

        converted = convert_lightgbm(booster, initial_types=[("X", FloatTensorType([None, x.shape[1]]))])
        yield from _onnx(name, ours, converted, x)


def _lleaves(name: str, ours: Answer, booster: Any, x: np.ndarray) -> Iterator[Row]:
    import lleaves

    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "model.txt")
        booster.save_model(file)
        model = lleaves.Model(model_file=file)
        model.compile()
        yield from _both(name, "lleaves", ours, lambda rows: model.predict(rows, n_jobs=1), x)


def _onnx(name: str, ours: Answer, converted: Any, x: np.ndarray) -> Iterator[Row]:
    """Compare with a session of one thread, which is given float32: what it must have is not counted against it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(converted.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feed, narrow = session.get_inputs()[0].name, x.astype(np.float32)
    close = np.isclose(ours(x), session.run(None, {feed: narrow})[0].ravel(), rtol=NUMERALS)
    assert close.mean() > 0.9, "not the same model"
    for size in BATCHES:
        part, single = x[:size], {feed: narrow[:size]}
        yield compare(
            name,
            "ONNX Runtime",
            lambda part=part: ours(part),
            lambda single=single: session.run(None, single),
            rows=size,
        )


def _both(name: str, rival: str, ours: Answer, theirs: Answer, x: np.ndarray) -> Iterator[Row]:
    for size in BATCHES:
        part = x[:size]
        np.testing.assert_allclose(ours(part), theirs(part), rtol=1e-9)
        yield compare(name, rival, lambda part=part: ours(part), lambda part=part: theirs(part), rows=size)
