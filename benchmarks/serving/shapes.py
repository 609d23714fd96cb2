"""Other forms of calls than one row: many models, streams, large messages, and TLS."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import grpc
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

import pretzel
from benchmarks.harness import Row
from benchmarks.kernels import text as sentiment
from benchmarks.serving import load
from benchmarks.serving.comparing import compare
from benchmarks.serving.models.calls import Model
from benchmarks.serving.worker import worker
from pretzel.plan.values import Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

SERVICE = "/pretzel.v1.PredictionService"
TENSORS = "/inference.GRPCInferenceService"
SIBLINGS = 120
HEAD_ROWS = 1000
STREAMED = 500
LARGE = 1 << 20


def streams(model: Model) -> Iterator[Row]:
    """Compare messages of streams with unary calls of the same rows."""
    request = model.request()
    messages = [pb.PredictStreamRequest(id=i, request=request).SerializeToString() for i in range(STREAMED)]
    unary = request.SerializeToString()
    with ExitStack() as running:
        target = _worker(running, {model.name: model})
        ours = partial(load.streamed_rate, target, f"{SERVICE}/PredictStream", messages)
        yield compare(
            f"{model.name}, streams", "unary calls", ours, partial(load.grpc_rate, target, f"{SERVICE}/Predict", unary)
        )


def tensor_streams(model: Model) -> Iterator[Row]:
    """Compare messages of streams of the Open Inference Protocol with its unary calls of the same rows."""
    message = model.tensors(model.name)
    with ExitStack() as running:
        target = _worker(running, {model.name: model})
        ours = partial(load.streamed_rate, target, f"{TENSORS}/ModelStreamInfer", [message] * STREAMED)
        theirs = partial(load.grpc_rate, target, f"{TENSORS}/ModelInfer", message)
        yield compare(f"{model.name}, streams of tensors", "unary calls", ours, theirs)


def large(model: Model) -> Iterator[Row]:
    """Compare messages of one MiB with those of the grpcio front, over the same service."""
    (taken,) = model.definition.inputs
    rows = LARGE // np.asarray(model.row).nbytes
    columns = columns_to_proto({taken.column: np.tile(np.asarray(model.row), (rows, 1))})
    message = pb.PredictRequest(model=model.name, columns=columns, outputs=["predict_proba"]).SerializeToString()
    with ExitStack() as running:
        sides = [
            partial(_one_at_a_time, _worker(running, {model.name: model}, "--front", front), message)
            for front in ("native", "grpcio")
        ]
        yield compare(f"{model.name}, messages of 1 MiB", "the grpcio front", *sides, rows=rows)


def encrypted(model: Model) -> Iterator[Row]:
    """Compare calls over TLS with plain ones."""
    message = model.request().SerializeToString()
    with ExitStack() as running:
        files = Path(running.enter_context(tempfile.TemporaryDirectory()))
        cert, key = certificate(files)
        secure = _worker(running, {model.name: model}, "--tls-cert", str(cert), "--tls-key", str(key))
        plain = _worker(running, {model.name: model})
        method = f"{SERVICE}/Predict"
        ours = partial(load.grpc_rate, secure, method, message, cert)
        yield compare(f"{model.name}, over TLS", "plain", ours, partial(load.grpc_rate, plain, method, message))


def fan_out() -> Iterator[Row]:
    """Compare one text to many siblings, in one call, with scikit-learn's pipelines one by one."""
    texts, labels = sentiment.reviews()
    features = sentiment.features_of(texts)
    models = {f"sibling-{i}": _sibling(features, texts, labels, i) for i in range(SIBLINGS)}
    definitions = {name: pretzel.export(estimator) for name, estimator in models.items()}
    (taken,) = next(iter(definitions.values())).inputs
    columns = columns_to_proto({taken.column: Texts.of([texts[7]])})
    request = pb.PredictManyRequest(models=list(models), columns=columns, outputs=["predict_proba"], matrix=True)
    with ExitStack() as running:
        cache = running.enter_context(tempfile.TemporaryDirectory())
        ready = running.enter_context(worker(Path(cache), definitions))
        channel = running.enter_context(grpc.insecure_channel(f"127.0.0.1:{ready['port']}"))
        call = channel.unary_unary(f"{SERVICE}/PredictMany")
        message = request.SerializeToString()
        ours = partial(_repeated, partial(call, message), 200)
        theirs = partial(_repeated, lambda: [each.predict_proba([texts[7]]) for each in models.values()], 1)
        yield compare(f"one text to {SIBLINGS} siblings", "scikit-learn, one by one", ours, theirs)


def certificate(directory: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate of this machine, and its key."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def _sibling(features: object, texts: list[str], labels: np.ndarray, seed: int) -> Pipeline:
    some = np.random.default_rng(seed).permutation(len(texts))[:HEAD_ROWS]
    head = LogisticRegression(solver="liblinear")
    head.fit(features.transform([texts[i] for i in some]), labels[some])  # type: ignore[attr-defined]
    return Pipeline([("features", features), ("head", head)])


def _worker(running: ExitStack, models: dict[str, Model], *options: str) -> str:
    cache = running.enter_context(tempfile.TemporaryDirectory())
    definitions = {name: model.definition for name, model in models.items()}
    ready = running.enter_context(worker(Path(cache), definitions, *options))
    return f"127.0.0.1:{ready['port']}"


def _one_at_a_time(target: str, message: bytes) -> float:
    with load.channel_to(target) as channel:
        return _repeated(partial(channel.unary_unary(f"{SERVICE}/Predict"), message), 50)


def _repeated(call: object, times: int) -> float:
    assert callable(call)
    call()
    start = time.perf_counter()
    for _ in range(times):
        call()
    return times / (time.perf_counter() - start)
