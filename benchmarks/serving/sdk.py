"""One row per call: the SDK against a raw grpc stub with a ready message, in processor time of the calling thread.

Both call the same worker, in turn.  A ratio of 0.77 means 1.3 times a stub's time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import grpc

import pretzel
from benchmarks.harness import Row, fastest, table
from benchmarks.serving.models import small
from benchmarks.serving.worker import worker
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub

RIVAL = "a raw stub"
METHODS = ("predict", "predict_proba")
WARM = 200
"""Calls before the measurement: plans are loaded, and the worker has learned the cost of its models."""


def measure() -> list[Row]:
    """Compare one row of numbers and one text."""
    with tempfile.TemporaryDirectory() as cache, worker(Path(cache), small.definitions()) as ready:
        return list(_rows(f"127.0.0.1:{ready['port']}"))


def _rows(address: str) -> Iterator[Row]:
    with pretzel.Client(address) as client, grpc.insecure_channel(address) as channel:
        stub = PredictionServiceStub(channel)
        for model, columns in small.columns().items():
            for method in METHODS:
                request = pb.PredictRequest(model=model, columns=columns_to_proto(columns), outputs=[method])
                ours, theirs = partial(client.score, model, columns["X"], method), partial(stub.Predict, request)
                for _ in range(WARM):
                    ours(), theirs()
                yield fastest(f"{model}, {method}", RIVAL, ours, theirs)


if __name__ == "__main__":
    print(table(measure()))
