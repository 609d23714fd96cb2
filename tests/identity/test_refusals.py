"""Every refusal of a worker is counted once, by its reason, wherever the call arrived."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
import pytest

from pretzel.inference import service_pb2 as oip
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.control_plane.serve.running import WIDTH
from tests.identity.calling import fetched
from tests.identity.conftest import Running
from tests.identity.servers import SECONDS

FRONTS = ("native", "grpcio")
SERVICE, INFERENCE = "/pretzel.v1.PredictionService", "/inference.GRPCInferenceService"
COLUMNS = columns_to_proto({"x": np.zeros((1, WIDTH))})
WRONG = [("authorization", "Bearer pretzel_0123456789abcdef_" + "s" * 43)]


def predict(model: str) -> pb.PredictRequest:
    return pb.PredictRequest(model=model, columns=COLUMNS, outputs=["predict"])


def counts(running: Running, front: str) -> Counter[str]:
    """The refusals of a worker by reason."""
    url = running.metrics if front == "native" else running.grpcio_metrics
    code, text = fetched(url, "GET", running.identities.fields("root"))
    assert code == 200
    return Counter({name: int(float(n)) for name, n in re.findall(r'rejected_total\{reason="(\w+)"\} (\S+)', text)})


def made(running: Running, front: str, calls: Callable[[], object]) -> dict[str, int]:
    """The refusals that some calls add."""
    before = counts(running, front)
    calls()
    after = counts(running, front)
    return {reason: after[reason] - before[reason] for reason in after if after[reason] != before[reason]}


def call(running: Running, front: str, path: str, messages: list[Any], fields: list[tuple[str, str]]) -> list[bytes]:
    """Call a method; return the answers before its end."""
    found: list[bytes] = []
    with grpc.insecure_channel(getattr(running, front)) as channel:
        sent = iter([message.SerializeToString() for message in messages])
        try:
            found.extend(channel.stream_stream(path)(sent, metadata=fields, timeout=SECONDS))
        except grpc.RpcError:
            pass
    return found


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    ("caller", "model", "reason"),
    [
        (None, "a/x", "no_credential"),
        ("wrong", "a/x", "unknown_credential"),
        ("predict", "b/x", "permission"),
        ("read", "a/x", "permission"),
    ],
)
def test_calls(running: Running, front: str, caller: str | None, model: str, reason: str):
    fields = WRONG if caller == "wrong" else running.identities.fields(caller)
    infer = oip.ModelInferRequest(model_name=model)

    def calls() -> None:
        with grpc.insecure_channel(getattr(running, front)) as channel:
            for path, message in ((f"{SERVICE}/Predict", predict(model)), (f"{INFERENCE}/ModelInfer", infer)):
                for _ in range(3):  # the later ones take the hot path
                    with pytest.raises(grpc.RpcError):
                        channel.unary_unary(path)(message.SerializeToString(), metadata=fields, timeout=SECONDS)

    assert made(running, front, calls) == {reason: 6}


@pytest.mark.parametrize("front", FRONTS)
def test_messages_of_streams(running: Running, front: str):
    fields = running.identities.fields("predict")
    messages = [pb.PredictStreamRequest(id=n, request=predict(name)) for n, name in enumerate(("b/x", "a/x", "b/x"))]

    def calls() -> None:
        assert len(call(running, front, f"{SERVICE}/PredictStream", messages, fields)) == 3

    assert made(running, front, calls) == {"permission": 2}


@pytest.mark.parametrize("front", FRONTS)
def test_models_of_one_call(running: Running, front: str):
    fields = running.identities.fields("predict")
    message = pb.PredictManyRequest(models=["a/x", "b/x", "b/y"], columns=COLUMNS, outputs=["predict"])

    def calls() -> None:
        for _ in range(2):
            assert len(call(running, front, f"{SERVICE}/PredictMany", [message], fields)) == 1

    assert made(running, front, calls) == {"permission": 4}


def test_http(running: Running):
    for caller, model, reason in ((None, "a%2Fx", "no_credential"), ("predict", "b%2Fx", "permission")):

        def calls(caller: str | None = caller, model: str = model) -> None:
            for _ in range(2):
                fetched(f"{running.http}/v2/models/{model}/infer", "POST", running.identities.fields(caller))

        assert made(running, "native", calls) == {reason: 2}


def test_closed_metrics(running: Running):
    def calls() -> None:
        assert fetched(running.metrics, "GET", [])[0] == 401
        assert fetched(running.metrics, "GET", WRONG)[0] == 401
        assert fetched(running.metrics, "GET", running.identities.fields("read"))[0] == 403

    assert made(running, "native", calls) == {"no_credential": 1, "unknown_credential": 1, "permission": 1}
