"""The same calls over HTTP and over gRPC have the same answers, to the last bit, and the same errors."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest

from pretzel.inference import service_pb2 as pb
from pretzel.inference.service_pb2_grpc import GRPCInferenceServiceStub
from tests.data_plane.oip.messages import arrays, request
from tests.data_plane.oip.trained import ROWS, TEXTS
from tests.data_plane.rest.served import Worker
from tests.data_plane.rest.test_inference import INFER, tensor

SAME = {
    "wine": ("wine", {"X": ROWS}, ("predict", "predict_proba")),
    "all outputs": ("wine", {"X": ROWS[:1]}, ()),
    "conversion": ("wine", {"X": np.rint(ROWS).astype(np.int32)}, ("decision_function",)),
    "matrix for columns": ("frame", {"X": ROWS}, ("predict", "predict_log_proba")),
    "texts": ("text", {"X": np.array(TEXTS, object).reshape(-1, 1)}, ("predict", "predict_proba")),
    "sparse": ("terms", {"X": np.array(TEXTS, object).reshape(-1, 1)}, ("transform",)),
    "no rows": ("wine", {"X": np.empty((0, 13))}, ("predict_proba",)),
    "optional": ("wine", {"X": ROWS}, ("contributions[0]",)),
}
DATATYPES = {"f": "FP64", "i": "INT32", "O": "BYTES"}


@pytest.mark.parametrize("case", SAME)
def test_the_same_as_over_grpc(worker: Worker, case: str):
    model, inputs, outputs = SAME[case]
    with grpc.insecure_channel(worker.grpc) as channel:
        stub: Any = GRPCInferenceServiceStub(channel)
        want = arrays(stub.ModelInfer(request(model, *outputs, **inputs), timeout=30, wait_for_ready=True))
    body = {"inputs": [tensor(name, array, DATATYPES[array.dtype.kind]) for name, array in inputs.items()],
            "outputs": [{"name": name} for name in outputs]}  # fmt: skip
    answer = worker.post(INFER.format(model), body)
    assert answer.status == 200, answer.body
    assert [item["name"] for item in answer.json["outputs"]] == list(want)
    for item in answer.json["outputs"]:
        one = want[item["name"]]
        assert item["shape"] == list(one.shape)
        assert [as_text(value) for value in one.ravel().tolist()] == item["data"]  # to the last bit


def as_text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


FAILING = {
    "unknown model": pb.ModelInferRequest(model_name="wein"),
    "no inputs": pb.ModelInferRequest(model_name="wine"),
    "a version": pb.ModelInferRequest(model_name="wine", model_version="x"),
    "another input": request("wine", Y=ROWS),
    "another shape": request("wine", X=ROWS[:, :2]),
    "an output": request("wine", "score", X=ROWS),
}


@pytest.mark.parametrize("case", FAILING)
def test_the_same_errors_as_over_grpc(worker: Worker, case: str):
    message = FAILING[case]
    with grpc.insecure_channel(worker.grpc) as channel:
        stub: Any = GRPCInferenceServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.ModelInfer(message, timeout=30, wait_for_ready=True)
    inputs = [
        {"name": item.name, "shape": list(item.shape), "datatype": item.datatype, "data": np.frombuffer(raw).tolist()}
        for item, raw in zip(message.inputs, message.raw_input_contents, strict=True)
    ]
    path = INFER.format(message.model_name)
    path = path.replace("/infer", f"/versions/{message.model_version}/infer") if message.model_version else path
    answer = worker.post(path, {"inputs": inputs, "outputs": [{"name": item.name} for item in message.outputs]})
    error: Any = caught.value
    assert answer.error == error.details()
    assert answer.status == {"NOT_FOUND": 404, "INVALID_ARGUMENT": 400}[error.code().name]
