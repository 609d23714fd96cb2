"""Single calls of many models over one connection, and their times."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

import grpc
import numpy as np

from benchmarks.scale.siblings import Family
from pretzel.plan.values import Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub

PATIENCE = 10.0
OUTPUT = "predict_proba"


class Caller:
    """Calls one row of a model at a time."""

    def __init__(self, target: str, family: Family) -> None:
        (taken,) = family.definition.inputs
        self._columns = columns_to_proto({taken.column: Texts.of([family.text])})
        self._channel = grpc.insecure_channel(target)
        self._stub = PredictionServiceStub(self._channel)

    def __enter__(self) -> Self:
        """Use the connection."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Close the connection."""
        self._channel.close()

    def call(self, model: str) -> float:
        """Call a model, and return the seconds it took."""
        request = pb.PredictRequest(model=model, columns=self._columns, outputs=[OUTPUT])
        start = time.perf_counter()
        self._stub.Predict(request, timeout=PATIENCE)
        return time.perf_counter() - start

    def each(self, models: Iterable[str]) -> list[float]:
        """Call models in turn, and return the seconds of each."""
        return [self.call(model) for model in models]


def quantiles(seconds: Sequence[float]) -> str:
    """Return the median, the 99th percentile and the maximum, in milliseconds."""
    values = np.quantile(seconds, [0.5, 0.99, 1.0]) * 1000
    return "p50 {:.2f} ms, p99 {:.2f} ms, max {:.2f} ms".format(*values)
