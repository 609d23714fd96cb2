"""Requests for inference: JSON, and the binary extension, to the messages that the protocol has over gRPC."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pretzel.data_plane.oip.faults import dims, quoted, wrong
from pretzel.data_plane.rest.json_text import kind_of, loads_object
from pretzel.data_plane.rest.tensors import parameters_to, raw_of
from pretzel.errors import InputError
from pretzel.inference import service_pb2 as pb

EXPECTED = "`inputs`, a list of tensors with name, shape, datatype and data"
CONTENT_TYPE = "content_type"
_SIZE, _BINARY, _ALL_BINARY = "binary_data_size", "binary_data", "binary_data_output"
_REGION = "shared_memory_region"
_MOST_SIZE = 2**31 - 1


@dataclass(slots=True)
class Asked:
    """A request for inference, and the form that its answer should have."""

    message: pb.ModelInferRequest
    tensors: list[dict[str, Any]] = field(default_factory=list)
    """The inputs as they were in JSON, each with its bytes under ``raw`` if they came in binary form."""
    content_type: str = ""
    """MLServer's type of the request, or of its inputs; empty without one."""
    all_binary: bool = False
    binary: dict[str, bool] = field(default_factory=dict)
    """By output, whether its data should be binary."""

    def is_binary(self, output: str) -> bool:
        """Return whether the data of an output should be binary."""
        return self.binary.get(output, self.all_binary)


def read(body: bytes, header: int | None, model: str, version: str) -> Asked:
    """Return the request in a body, whose first ``header`` bytes are JSON if binary data follows.

    Raises:
        InputError: it is not such a request.
    """
    text = body if header is None else memoryview(body)[:header]
    value = loads_object(text, EXPECTED)
    message = pb.ModelInferRequest(model_name=model, model_version=version, id=_text(value, "id"))
    asked = Asked(message)
    _read_parameters(asked, value)
    _read_outputs(asked, _list(value, "outputs"))
    rest = _Rest(body, len(body) if header is None else header)
    asked.tensors = _list(value, "inputs")
    asked.content_type = asked.content_type or _kind_of(asked.tensors)
    for tensor in asked.tensors:
        _read_tensor(asked, tensor, rest)
    rest.check_end()
    return asked


class _Rest:
    """The binary data of a body, in the order of its inputs."""

    def __init__(self, body: bytes, start: int) -> None:
        self._body, self._at = body, start

    def take(self, name: str, size: Any) -> bytes:
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _MOST_SIZE:
            raise wrong(name, f"input {quoted(name)}: expected {_SIZE} as a non-negative integer, got {str(size)[:40]}")
        end = self._at + size
        if end > len(self._body):
            left = len(self._body) - self._at
            raise wrong(name, f"input {quoted(name)}: {_SIZE} is {size}, but {left} bytes are left in the body")
        taken, self._at = self._body[self._at : end], end
        return taken

    def check_end(self) -> None:
        if left := len(self._body) - self._at:
            raise InputError(f"body: {left} bytes are left behind the binary data of all inputs")


def _read_parameters(asked: Asked, value: Mapping[str, Any]) -> None:
    parameters = dict(_object(value, "parameters", "the request"))
    asked.content_type = _content_type(parameters, "the request")
    asked.all_binary = _flag(parameters, _ALL_BINARY, "the request")
    parameters_to(asked.message.parameters, parameters, "the request")


def _read_outputs(asked: Asked, outputs: list[dict[str, Any]]) -> None:
    for output in outputs:
        name = _text(output, "name")
        parameters = dict(_object(output, "parameters", f"output {quoted(name)}"))
        _content_type(parameters, f"output {quoted(name)}")
        if _BINARY in parameters:
            asked.binary[name] = _flag(parameters, _BINARY, f"output {quoted(name)}")
        message = asked.message.outputs.add(name=name)
        if parameters:
            parameters_to(message.parameters, parameters, f"output {quoted(name)}")


def _read_tensor(asked: Asked, tensor: dict[str, Any], rest: _Rest) -> None:
    name, datatype = _text(tensor, "name"), _text(tensor, "datatype")
    shape = _shape(name, tensor.get("shape"))
    message = asked.message.inputs.add(name=name, datatype=datatype, shape=shape)
    parameters = dict(_object(tensor, "parameters", f"input {quoted(name)}"))
    _content_type(parameters, f"input {quoted(name)}")
    if _SIZE in parameters:
        if "data" in tensor:
            raise wrong(name, f"input {quoted(name)}: it has both data and {_SIZE}; expected one of them")
        tensor["raw"] = rest.take(name, parameters.pop(_SIZE))
    if parameters:
        parameters_to(message.parameters, parameters, f"input {quoted(name)}")
    if _REGION in parameters:
        return
    if "raw" not in tensor and "data" not in tensor:
        raise wrong(name, f"input {quoted(name)}: expected data, or {_SIZE} with the bytes behind the JSON")
    if asked.content_type:
        return  # the values are read from the tensor, which may have missing texts
    asked.message.raw_input_contents.append(
        tensor["raw"] if "raw" in tensor else raw_of(name, datatype, shape, tensor["data"])
    )


def _kind_of(tensors: list[dict[str, Any]]) -> str:
    """Return the content type of inputs that name theirs: several are the columns of a table."""
    kinds = [_content_type(dict(_object(tensor, "parameters", "an input")), "an input") for tensor in tensors]
    if not any(kinds):
        return ""
    return kinds[0] if len(kinds) == 1 else "pd"


def _content_type(parameters: dict[str, Any], where: str) -> str:
    value = parameters.pop(CONTENT_TYPE, "")
    if not isinstance(value, str):
        raise wrong(CONTENT_TYPE, f"parameter '{CONTENT_TYPE}' of {where}: expected a string, got {kind_of(value)}")
    return value


def _flag(parameters: dict[str, Any], name: str, where: str) -> bool:
    value = parameters.pop(name, False)
    if not isinstance(value, bool):
        raise wrong(name, f"parameter {quoted(name)} of {where}: expected a boolean, got {kind_of(value)}")
    return value


def _text(value: Mapping[str, Any], field: str) -> str:
    text = value.get(field, "")
    if not isinstance(text, str):
        raise wrong(field, f"{field}: expected a string, got {kind_of(text)}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise wrong(field, f"{field}: a lone surrogate, which is not Unicode") from None
    return text


def _list(value: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    items = value.get(field, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise wrong(field, f"{field}: expected an array of objects")
    return items


def _object(value: Mapping[str, Any], field: str, where: str) -> Mapping[str, Any]:
    found = value.get(field) or {}
    if not isinstance(found, dict):
        raise wrong(field, f"{field} of {where}: expected an object, got {kind_of(found)}")
    return found


def _shape(name: str, shape: Any) -> tuple[int, ...]:
    valid = isinstance(shape, list) and all(type(size) is int and 0 <= size <= _MOST_SIZE for size in shape)
    if not valid or not 1 <= len(shape) <= 8:
        problem = f"input {quoted(name)}: expected shape as an array of sizes, [rows] or [rows,columns], got "
        raise wrong(name, problem + (dims(shape) if isinstance(shape, list) else kind_of(shape)))
    if math.prod(shape) > _MOST_SIZE:
        raise wrong(name, f"input {quoted(name)}: shape {dims(shape)} has more than {_MOST_SIZE} elements")
    return tuple(shape)
