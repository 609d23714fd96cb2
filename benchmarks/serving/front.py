"""One row per call: a worker of one process against a grpc.aio echo of the same bytes, and against rivals' servers.

The load comes from `h2load`, 4 connections with 8 calls in flight each; mosec and FastAPI speak HTTP/1.1 over 32
connections, and mosec uses both cores; MLServer speaks the Open Inference Protocol over gRPC, as the worker.  Times are
microseconds per call.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import Row
from benchmarks.serving import load, servers, shapes
from benchmarks.serving.comparing import compare
from benchmarks.serving.models.calls import MODELS, Model
from benchmarks.serving.worker import worker

METHOD = "/pretzel.v1.PredictionService/Predict"
INFER = "/inference.GRPCInferenceService/ModelInfer"
ECHO = "grpc.aio echo"
MISSING = "not installed; see benchmarks/serving/rivals/requirements.txt"
NOTES: list[str] = []


def measure() -> list[Row]:
    """Measure both sides of each comparison in turn, in several rounds."""
    if not load.is_installed():
        NOTES.append("everything: h2load is not installed (Debian: nghttp2-client)")
        return []
    rows = [row for make in MODELS.values() for row in _model(make())]
    wine, words = MODELS["wine"](), MODELS["words"]()
    for shape in (shapes.streams, shapes.tensor_streams):
        rows += [*shape(wine), *shape(words)]
    for shape in (shapes.large, shapes.encrypted):
        rows += shape(wine)
    return [*rows, *shapes.fan_out()]


def _model(model: Model) -> Iterator[Row]:
    message = model.request().SerializeToString()
    body = json.dumps(model.row if isinstance(model.row, str) else np.asarray(model.row).tolist()).encode()
    with ExitStack() as running:
        cache = running.enter_context(tempfile.TemporaryDirectory())
        ready = running.enter_context(worker(Path(cache), {model.name: model.definition}))
        target, echo = f"127.0.0.1:{ready['port']}", f"127.0.0.1:{running.enter_context(servers.echo())}"
        ours = partial(load.grpc_rate, target, METHOD, message)
        yield compare(f"{model.name}, 32 in flight", ECHO, ours, partial(load.grpc_rate, echo, METHOD, message))
        yield compare(
            f"{model.name}, p50", ECHO, partial(_per_second, target, message), partial(_per_second, echo, message)
        )
        for name in ("mosec", "fastapi"):
            with servers.rival(name, model.estimator, body) as url:
                if url is None:
                    NOTES.append(f"{name}: {MISSING}")
                    continue
                yield compare(
                    f"{model.name}, 32 in flight", f"{name}, scikit-learn", ours, partial(load.http_rate, url, body)
                )
        yield from _tensors(model, target)


def _tensors(model: Model, target: str) -> Iterator[Row]:
    """Compare calls of the Open Inference Protocol with those of MLServer, in the same messages."""
    message = model.tensors("model")
    with servers.mlserver(model.estimator, INFER, message) as theirs:
        if theirs is None:
            NOTES.append(f"mlserver: {MISSING}")
            return
        ours = partial(load.grpc_rate, target, INFER, model.tensors(model.name))
        rival = partial(load.grpc_rate, theirs, INFER, message)
        yield compare(f"{model.name}, tensors, 32 in flight", "MLServer, scikit-learn", ours, rival)


def _per_second(target: str, message: bytes) -> float:
    return 1 / load.latency(target, METHOD, message)
