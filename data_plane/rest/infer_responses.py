"""Responses of inference: from the message that the protocol has over gRPC to JSON, with binary data where asked."""

from __future__ import annotations

from typing import Any

from pretzel.data_plane.rest.http.messages import Response
from pretzel.data_plane.rest.infer_requests import Asked
from pretzel.data_plane.rest.json_text import dumps
from pretzel.data_plane.rest.tensors import data_of
from pretzel.inference import service_pb2 as pb

BINARY = "application/octet-stream"
HEADER_LENGTH = "inference-header-content-length"


def response_of(answer: bytes, asked: Asked) -> Response:
    """Return the response with these outputs."""
    message = pb.ModelInferResponse.FromString(answer)
    head: dict[str, Any] = {"model_name": message.model_name, "model_version": message.model_version}
    if message.id:
        head["id"] = message.id
    contents, binary = iter(message.raw_output_contents), []
    head["outputs"] = outputs = []
    for output in message.outputs:
        entry: dict[str, Any] = {"name": output.name, "datatype": output.datatype, "shape": list(output.shape)}
        parameters = {name: getattr(value, str(value.WhichOneof("parameter_choice")))
                      for name, value in output.parameters.items()}  # fmt: skip
        raw = next(contents)
        if "shared_memory_region" not in parameters:
            if asked.is_binary(output.name):
                parameters["binary_data_size"] = len(raw)
                binary.append(raw)
            else:
                entry["data"] = data_of(output.datatype, raw)
        if parameters:
            entry["parameters"] = parameters
        outputs.append(entry)
    text = dumps(head)
    if not binary:
        return Response(200, text)
    return Response(200, b"".join([text, *binary]), BINARY, [(HEADER_LENGTH, str(len(text)))])
