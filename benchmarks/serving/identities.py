"""Authorized calls against anonymous ones: two workers with the same models, of which one has identities.

The load comes from `h2load`.  Refused calls are compared with anonymous ones that are answered.  Both workers have one
serving process.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import Row, table
from benchmarks.serving import load
from benchmarks.serving.comparing import Rate, compare
from benchmarks.serving.models.calls import Model, wine
from benchmarks.serving.worker import worker
from pretzel.serving.identity.tokens import TokenHash, new_token
from pretzel.v1 import prediction_pb2 as pb

SERVICE = "/pretzel.v1.PredictionService"
INFER = "/inference.GRPCInferenceService/ModelInfer"
RIVAL = "anonymous"
STREAMED, SIBLINGS, STRANGERS = 100, 20, 200


def measure() -> list[Row]:
    """Compare the calls of both services, of both transports, and refusals."""
    model = wine()
    definitions = {f"{model.name}{i}": model.definition for i in range(SIBLINGS)} | {model.name: model.definition}
    token = new_token()
    with ExitStack() as running:
        folders = [Path(running.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        file = folders[0] / "identities.toml"
        file.write_text("\n".join(entries(token)))
        options = ["--http", "0", "--shed-after-seconds", "0"]
        guarded = running.enter_context(worker(folders[0] / "cache", definitions, *options, "--identities", str(file)))
        free = running.enter_context(worker(folders[1] / "cache", definitions, *options))
        field = f"authorization: Bearer {token}"
        return [compare(name, RIVAL, ours, theirs) for name, ours, theirs in _cases(model, guarded, free, field)]


def entries(token: str) -> Iterator[str]:
    """Yield the lines of the file: one identity that calls, and others."""
    yield from ("[[identity]]", 'name = "caller"', f'token = "{TokenHash.of(token)}"', 'predict = ["wine*"]')
    for i in range(STRANGERS):
        yield from ("[[identity]]", f'name = "other {i}"', f'token = "{TokenHash.of(new_token())}"', 'read = ["*"]')


def _cases(
    model: Model, guarded: dict[str, object], free: dict[str, object], field: str
) -> Iterator[tuple[str, Rate, Rate]]:
    ours, theirs = (f"127.0.0.1:{ready['port']}" for ready in (guarded, free))
    one = model.request()
    message = one.SerializeToString()
    anonymous = partial(load.grpc_rate, theirs, f"{SERVICE}/Predict", message)
    yield "Predict", partial(load.grpc_rate, ours, f"{SERVICE}/Predict", message, None, field), anonymous
    names = [f"{model.name}{i}" for i in range(SIBLINGS)]
    many = pb.PredictManyRequest(models=names, columns=one.columns, outputs=["predict"]).SerializeToString()
    method = f"{SERVICE}/PredictMany"
    yield (
        "PredictMany",
        partial(load.grpc_rate, ours, method, many, None, field),
        partial(load.grpc_rate, theirs, method, many),
    )
    stream = [pb.PredictStreamRequest(id=i, request=one).SerializeToString() for i in range(STREAMED)]
    method = f"{SERVICE}/PredictStream"
    yield (
        "PredictStream, each message",
        partial(load.streamed_rate, ours, method, stream, field),
        partial(load.streamed_rate, theirs, method, stream),
    )
    tensors = model.tensors(model.name)
    yield (
        "ModelInfer",
        partial(load.grpc_rate, ours, INFER, tensors, None, field),
        partial(load.grpc_rate, theirs, INFER, tensors),
    )
    rows = json.dumps({"rows": [np.asarray(model.row).tolist()]}).encode()
    urls = [f"http://{ready['http']}/v1/models/{model.name}:predict" for ready in (guarded, free)]
    yield (
        "HTTP and JSON",
        partial(load.http_rate, urls[0], rows, field, json_body=True),
        partial(load.http_rate, urls[1], rows, json_body=True),
    )
    yield "refused: no credential", partial(load.refused_rate, ours, f"{SERVICE}/Predict", message), anonymous
    other = model.request("other").SerializeToString()
    yield "refused: no role", partial(load.refused_rate, ours, f"{SERVICE}/Predict", other, field), anonymous
    unknown = f"authorization: Bearer {new_token()}"
    yield "refused: unknown token", partial(load.refused_rate, ours, f"{SERVICE}/Predict", message, unknown), anonymous


if __name__ == "__main__":
    print(table(measure()))
