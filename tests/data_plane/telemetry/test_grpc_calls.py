"""Calls of gRPC that are recorded keep what other calls have."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from pretzel.data_plane.telemetry.grpc_calls import GrpcCalls
from pretzel.data_plane.transport.methods import Method

PATH = b"/pretzel.v1.PredictionService/Predict"


async def handled(request: Any, context: Any) -> Any:
    return request


@pytest.mark.parametrize("sampled", [True, False])
def test_a_recorded_call_stays_a_prediction(sampled: bool):
    """Its answer carries a load report, as those of other predictions do."""
    active = SimpleNamespace(recording=SimpleNamespace(request_id="1")) if sampled else None
    telemetry: Any = SimpleNamespace(begin=lambda *arguments: active)
    method = Method(grpc.unary_unary_rpc_method_handler(handled), lambda *arguments: b"", None, PATH)
    head: Any = SimpleNamespace(path=PATH, fields=())
    observed = GrpcCalls(telemetry).observe(head, method)
    assert observed.is_prediction
    assert (observed is method) != sampled
    assert observed.answers_calls != sampled  # recorded calls take the ordinary path
