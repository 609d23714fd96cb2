"""The methods of workers."""

from __future__ import annotations

from typing import Any

from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub


class WorkerStub(PredictionServiceStub):
    """The methods of the prediction service, and one of them over the bytes of its messages."""

    def __init__(self, channel: Any) -> None:
        """Prepare the methods of a channel."""
        super().__init__(channel)  # type: ignore[no-untyped-call]  # generated code has no types
        self.PredictBytes = channel.unary_unary("/pretzel.v1.PredictionService/Predict")
