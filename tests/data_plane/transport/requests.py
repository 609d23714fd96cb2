"""Models and valid requests of every form, for both paths."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Csr, Ragged, Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import classifier, echo, regression, vector
from tests.data_plane.transport.served import MODEL

TEXTS = ["Good food", "", "schöne grüße, nicht schlecht", "\U0001f968 and a bagel", "a\0b"]


def passed() -> Definition:
    """Returns inputs of every form that a response can have."""
    inputs = {"numbers": "f64[2]", "flags": "bool", "small": "i8", "pairs": "str[2]", "sparse": "f32{4}"}
    return Definition({name: ops.Input(name, kind) for name, kind in inputs.items()})


def numbered_labels() -> Definition:
    above = ops.Threshold(ops.Input("x", "f64"), 0.0)
    return Definition({"predict": ops.LabelLookup(above, Parameter.of(np.array([7, -3])))})


def texts_and_counts() -> Definition:
    """Texts to texts, and to sparse rows."""
    lower = ops.Lowercase(ops.Input("text", "str"))
    return Definition(
        {"lower": lower, "counts": ops.HashNgrams(ops.Tokenize(lower, r"(?u)\b\w\w+\b"), 64, "word", 1, 1)}
    )


def tokens() -> Definition:
    """Lists of texts to sparse rows."""
    return Definition({"counts": ops.HashNgrams(ops.Input("tokens", "str[*]"), 32, "word", 1, 2)})


def sparse_linear() -> Definition:
    x = ops.Input("x", "f32{4}")
    return Definition({"score": ops.Linear(x, vector(4, 3), Parameter.of(np.zeros(1)))})


def csr(rows: int) -> Csr:
    return Csr.of((np.arange(rows * 4).reshape(rows, 4) % 3).astype(np.float32))


def texts(count: int, missing: bool = False) -> Texts:
    values: list[Any] = [TEXTS[i % len(TEXTS)] for i in range(count)]
    if missing and count > 1:
        values[0], values[1] = None, float("nan")
    return Texts.of(values)


def columns(kind: str, rows: int) -> dict[str, Any]:
    """Return the columns of a model of ``MODELS``."""
    numbers = np.arange(rows * 3.0).reshape(rows, 3) - 3
    return {
        "regression": {"x": numbers},
        "classifier": {"x": np.arange(float(rows)) - 1},
        "numbered_labels": {"x": np.arange(float(rows)) - 1},
        "echo": {"text": texts(rows, missing=True), "x": np.arange(float(rows))},
        "passed": {
            "numbers": numbers[:, :2].copy(),
            "flags": np.arange(rows) % 2 == 0,
            "small": np.arange(rows).astype(np.int8),
            "pairs": Texts(*_packed(2 * rows), None, 2),
            "sparse": csr(rows),
        },
        "texts_and_counts": {"text": texts(rows)},
        "tokens": {"tokens": Ragged.of([TEXTS[: i % 4] for i in range(rows)])},
        "sparse_linear": {"x": csr(rows)},
    }[kind]


def _packed(count: int) -> tuple[np.ndarray, np.ndarray]:
    packed = texts(count)
    return packed.data, packed.lengths


MODELS = {
    "regression": regression(3),
    "classifier": classifier(),
    "numbered_labels": numbered_labels(),
    "echo": echo(),
    "passed": passed(),
    "texts_and_counts": texts_and_counts(),
    "tokens": tokens(),
    "sparse_linear": sparse_linear(),
}


def request(kind: str, rows: int, *outputs: str, model: str = MODEL) -> pb.PredictRequest:
    """Return a valid request."""
    return pb.PredictRequest(model=model, columns=columns_to_proto(columns(kind, rows)), outputs=outputs)
