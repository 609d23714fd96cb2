"""The call for one row in each protocol, and the label in its answer."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import grpc
import numpy as np

from benchmarks.paper.baselines.generating import Call
from benchmarks.serving.front import INFER, METHOD
from benchmarks.serving.models.calls import Model
from benchmarks.serving.rest import bodies
from pretzel.inference import service_pb2 as inference_pb2
from pretzel.plan.values import Labels
from pretzel.plan.wire import columns_from_proto
from pretzel.v1 import prediction_pb2 as pb

Form = Callable[[str, Model], Call]
"""Returns the call for a model's row to a server at this address."""
TIMEOUT = 30.0


def own(address: str, model: Model) -> Call:
    """Return a call of Pretzel's protocol."""
    return Call(f"http://{address}{METHOD}", model.request().SerializeToString(), grpc=True)


def tensors(address: str, model: Model) -> Call:
    """Return a call of the Open Inference Protocol over gRPC."""
    return Call(f"http://{address}{INFER}", model.tensors(model.name), grpc=True)


def rest(address: str, model: Model) -> Call:
    """Return a call of the Open Inference Protocol over HTTP."""
    path = f"/v2/models/{model.name}/infer"
    return Call(f"http://{address}{path}", json.dumps(bodies(model)[path]).encode())


def plain(address: str, model: Model, path: str = "predict") -> Call:
    """Return a call of the model's name and its row."""
    value = model.row if isinstance(model.row, str) else np.asarray(model.row).tolist()
    return Call(f"http://{address}/{path}", json.dumps({"model": model.name, "row": value}).encode())


def answer(call: Call) -> Any:
    """Send a call once, and return the label in its answer.

    Raises:
        OSError, ValueError: the server does not answer, or not with a label.
    """
    parts = urlsplit(call.url)
    if call.grpc:
        try:
            with grpc.insecure_channel(parts.netloc) as channel:
                data = channel.unary_unary(parts.path)(call.body, timeout=TIMEOUT)
        except grpc.RpcError as error:
            raise ValueError(f"{error.code().name}: {error.details()}") from None
        return _own_label(data) if parts.path == METHOD else _tensor_label(data)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("POST", parts.path, call.body, {"content-type": "application/json"})
        response = connection.getresponse()
        said = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise ValueError(f"status {response.status}: {said[:200]!r}")
    value = json.loads(said)
    return value["outputs"][0]["data"][0] if isinstance(value, dict) else value[0]


def _own_label(data: bytes) -> Any:
    (values,) = columns_from_proto(pb.PredictResponse.FromString(data).columns).values()
    return np.asarray(values.labels)[values.codes].tolist()[0] if isinstance(values, Labels) else values.tolist()[0]


def _tensor_label(data: bytes) -> Any:
    response = inference_pb2.ModelInferResponse.FromString(data)
    output = response.outputs[0]
    if raw := next(iter(response.raw_output_contents), b""):
        if output.datatype == "BYTES":
            return raw[4:].decode()
        kinds = {"FP64": "<f8", "FP32": "<f4", "INT64": "<i8", "INT32": "<i4", "UINT8": "u1", "BOOL": "?"}
        return np.frombuffer(raw, kinds[output.datatype])[0].item()
    found = output.contents
    for field in ("bytes_contents", "fp64_contents", "fp32_contents", "int64_contents", "int_contents"):
        if values := list(getattr(found, field)):
            return values[0].decode() if isinstance(values[0], bytes) else values[0]
    raise ValueError("the answer has no values")


__all__ = ["Call", "Form", "answer", "own", "plain", "rest", "tensors"]
