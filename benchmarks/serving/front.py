"""One row per call: a worker of one process against a grpc.aio echo of the same bytes, and against rivals' servers.

The load comes from `h2load`, 4 connections with 8 calls in flight each; the rivals speak HTTP/1.1 over 32 connections
and use both cores.  Times are microseconds per call.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import Row
from benchmarks.serving import load, servers
from benchmarks.serving.models.calls import MODELS, Model
from benchmarks.serving.worker import worker

METHOD = "/pretzel.v1.PredictionService/Predict"
STREAM = "/pretzel.v1.PredictionService/PredictStream"
ROUNDS = 5
NOTES: list[str] = []
PAGE = "serving"
"""Page in the documentation that holds the result."""
Measure = Callable[[], float]


def measure() -> list[Row]:
    """Measure both sides of each comparison in turn, in several rounds."""
    if not load.is_installed():
        NOTES.append("everything: h2load is not installed (Debian: nghttp2-client)")
        return []
    return [row for make in MODELS.values() for row in _model(make())]


def _model(model: Model) -> Iterator[Row]:
    message = model.request().SerializeToString()
    body = json.dumps(model.row if isinstance(model.row, str) else np.asarray(model.row).tolist()).encode()
    with ExitStack() as running:
        cache = running.enter_context(tempfile.TemporaryDirectory())
        ready = running.enter_context(worker(Path(cache), {model.name: model.definition}))
        target, echo = f"127.0.0.1:{ready['port']}", f"127.0.0.1:{running.enter_context(servers.echo())}"
        ours = partial(load.grpc_rate, target, METHOD, message)
        sides: dict[str, Measure] = {"grpc.aio echo": partial(load.grpc_rate, echo, METHOD, message)}
        yield from _compare(f"{model.name}, 32 in flight", ours, sides)
        sides = {"grpc.aio echo": partial(_per_second, echo, message)}
        yield from _compare(f"{model.name}, grpcio client, p50", partial(_per_second, target, message), sides)
        for name in ("mosec", "fastapi"):
            with servers.rival(name, model.estimator, body) as url:
                if url is None:
                    NOTES.append(f"{name}: not installed; see benchmarks/serving/rivals/requirements.txt")
                    continue
                sides = {f"{name}, scikit-learn": partial(load.http_rate, url, body)}
                yield from _compare(f"{model.name}, 32 in flight", ours, sides)


def _per_second(target: str, message: bytes) -> float:
    return 1 / load.latency(target, METHOD, message)


def _compare(name: str, ours: Measure, sides: Mapping[str, Measure]) -> Iterator[Row]:
    """Yield one row per side; each round measures ours and theirs."""
    for rival, theirs in sides.items():
        pairs = [(ours(), theirs()) for _ in range(ROUNDS)]
        ratios = sorted(mine / other for mine, other in pairs)
        mine, other = (1e6 / statistics.median(side) for side in zip(*pairs, strict=True))
        yield Row(name, rival, 1, mine, other, statistics.median(ratios), ratios[0], ratios[-1])
