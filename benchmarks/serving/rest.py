"""One row per request over HTTP/1.1: a worker of one process against FastAPI with scikit-learn, and against its gRPC.

The load comes from `h2load --h1`, one request in flight on each of 32 connections.  FastAPI answers the label; the
worker answers the same label in a tensor (`infer`), the label of a record (`predict`), or MLflow's predictions.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Row
from benchmarks.serving import load, servers
from benchmarks.serving.comparing import compare
from benchmarks.serving.front import INFER, MISSING
from benchmarks.serving.models.calls import MODELS, Model
from benchmarks.serving.worker import worker

NAMES = ("wine", "words")
NOTES: list[str] = []


def measure() -> list[Row]:
    """Measure both sides of each comparison in turn, in several rounds."""
    if not load.is_installed():
        NOTES.append("everything: h2load is not installed (Debian: nghttp2-client)")
        return []
    return [row for name in NAMES for row in _model(MODELS[name]())]


def bodies(model: Model) -> dict[str, Any]:
    """Return the same call in each form, by its path."""
    is_text = isinstance(model.row, str)
    row = model.row if is_text else np.asarray(model.row).tolist()
    tensor = {"name": "X", "datatype": "BYTES" if is_text else "FP64", "shape": [1, 1 if is_text else len(row)]}
    return {
        f"/v2/models/{model.name}/infer": {
            "inputs": [{**tensor, "data": [row] if is_text else row}],
            "outputs": [{"name": "predict"}],
        },
        f"/v1/models/{model.name}:predict": {"rows": [row], "outputs": ["predict"]},
        "/invocations": {"instances": [row]},
    }


def _model(model: Model) -> Iterator[Row]:
    plain = json.dumps(model.row if isinstance(model.row, str) else np.asarray(model.row).tolist()).encode()
    with ExitStack() as running:
        cache = running.enter_context(tempfile.TemporaryDirectory())
        options = ("--http", "127.0.0.1:0", "--shed-after-seconds", "0")
        ready = running.enter_context(worker(Path(cache), {model.name: model.definition}, *options))
        url = running.enter_context(servers.rival("fastapi", model.estimator, plain))
        grpc = partial(load.grpc_rate, f"127.0.0.1:{ready['port']}", INFER, model.tensors(model.name))
        if url is None:
            NOTES.append(f"fastapi: {MISSING}")
        for path, value in bodies(model).items():
            ours = partial(load.http_rate, f"http://{ready['http']}{path}", json.dumps(value).encode(), json_body=True)
            name = f"{model.name}, {path.rpartition('/')[2].rpartition(':')[2]}, 32 in flight"
            if url is not None:
                yield compare(name, "fastapi, scikit-learn", ours, partial(load.http_rate, url, plain))
            yield compare(name, "the same worker over gRPC", ours, grpc)


if __name__ == "__main__":
    for row in measure():
        rates = f"{1e6 / row.ours_us:>7,.0f}/s {1e6 / row.theirs_us:>7,.0f}/s"
        print(f"{row.name:<34} {row.rival:<26} {rates} {row.ratio:.1f} ({row.low:.1f}-{row.high:.1f})", flush=True)
    print(*NOTES, sep="\n")
