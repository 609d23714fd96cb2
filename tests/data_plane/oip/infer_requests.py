"""Models and usual requests for inference, for both paths."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from pretzel.inference import service_pb2 as pb
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMPY_DTYPES
from tests.data_plane.oip.inferred import Inferred
from tests.data_plane.oip.messages import request
from tests.data_plane.transport.requests import MODELS, TEXTS
from tests.data_plane.transport.served import MODEL


def lowered() -> Definition:
    """Texts to other texts, one and two per row."""
    pairs = ops.Input("pairs", "str[2]")
    return Definition(
        {"lower": ops.Lowercase(ops.Input("text", "str")), "pairs": pairs, "none": ops.Input("none", "f64[0]")}
    )


def labelled(labels: Any) -> Definition:
    above = ops.Threshold(ops.Input("x", "f64"), 0.0)
    return Definition({"predict": ops.LabelLookup(above, Parameter.of(labels)), "code": above})


def echoes() -> Definition:
    """Returns a column of every datatype unchanged."""
    return Definition({f"{kind}_out": ops.Input(kind, kind) for kind in (*NUMPY_DTYPES, "str")})


def tabular(kind: str, **more: str) -> Definition:
    """A model of a table, of whose columns no step reads the second one."""
    inputs = {name: ops.Input(name, kind) for name in ("d", "a", "c")} | {
        name: ops.Input(name, other) for name, other in more.items()
    }
    outputs = {f"{name}_out": item for name, item in inputs.items()}
    metadata = {"input_style": "frame", "feature_names": ["a", "unread", "c", "d", *more]}
    return Definition(outputs, metadata=metadata)


TRAINED = ("wine", "frame", "text", "table")
"""Models of ``oip.trained``, which takes seconds to import."""
WRITTEN = {
    **{name: MODELS[name] for name in ("regression", "classifier", "numbered_labels")},
    "echo": echoes(),
    "lowered": lowered(),
    "cut": tabular("f64"),
    "cut small": tabular("i16"),
    "floats": labelled(np.array([0.5, np.nan])),
    "flags": labelled(np.array([True, False])),
    "small": labelled(np.array([-3, 100], np.int8)),
    "words": labelled(["", "a longer label: Ж", "never"]),
}
USUAL = (*TRAINED, *WRITTEN)


def definition(kind: str) -> Definition:
    from tests.data_plane.oip.trained import definitions

    return definitions()[kind]


def texts(rows: int, *width: int) -> np.ndarray:
    count = rows * math.prod(width)
    return np.array([TEXTS[i % len(TEXTS)] for i in range(count)], object).reshape(rows, *width)


def tensors(kind: str, rows: int) -> dict[str, np.ndarray]:
    """Return the tensors of a model of ``USUAL``."""
    some = np.arange(rows)
    if kind in TRAINED:
        return trained_tensors(kind, some)
    if kind == "echo":
        return {**{name: (some % 2).astype(dtype) for name, dtype in NUMPY_DTYPES.items()}, "str": texts(rows)}
    if kind.startswith("cut"):
        dtype = np.int16 if kind == "cut small" else np.float64
        return {"X": np.arange(rows * 4).reshape(rows, 4).astype(dtype)}
    if kind == "lowered":
        return {"text": texts(rows), "pairs": texts(rows, 2), "none": np.zeros((rows, 0))}
    return {"x": np.arange(rows * 3.0).reshape(rows, 3) - 3 if kind == "regression" else some % 3 - 1.0}


def trained_tensors(kind: str, some: np.ndarray) -> dict[str, np.ndarray]:
    from tests.data_plane.oip.trained import TABLE, WINE

    if kind == "text":
        return {"X": texts(len(some), 1)}
    if kind == "wine":
        return {"X": WINE.data.to_numpy()[some % len(WINE.data)]}
    table = TABLE if kind == "table" else WINE.data
    return {name: table[name].to_numpy()[some % len(table), None] for name in table}


def usual(kind: str, rows: int, *outputs: str) -> pb.ModelInferRequest:
    message = request(MODEL, *outputs, **tensors(kind, rows))
    message.id = "request 7"
    return message


@cache
def inferred(kind: str, inline: float = math.inf) -> Inferred:
    return Inferred(WRITTEN.get(kind) or definition(kind), inline)
