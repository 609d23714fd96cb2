"""Requests and responses of the protocol, built and read without the server's code."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from pretzel.inference import service_pb2 as pb

DATATYPES = {
    "?": "BOOL", "i1": "INT8", "i2": "INT16", "i4": "INT32", "i8": "INT64", "u1": "UINT8", "u2": "UINT16",
    "u4": "UINT32", "u8": "UINT64", "f2": "FP16", "f4": "FP32", "f8": "FP64",
}  # fmt: skip
FIELDS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip
Input = pb.ModelInferRequest.InferInputTensor


def datatype(array: np.ndarray) -> str:
    return "BYTES" if array.dtype.kind in "OSU" else DATATYPES[array.dtype.str[1:].replace("b1", "?")]


def packed(texts: list[bytes]) -> bytes:
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def texts(array: np.ndarray) -> list[bytes]:
    return [value if isinstance(value, bytes) else str(value).encode() for value in array.ravel().tolist()]


def raw(array: np.ndarray) -> bytes:
    return packed(texts(array)) if datatype(array) == "BYTES" else np.ascontiguousarray(array).tobytes()


def request(model: str, /, *outputs: str, typed: bool = False, **tensors: Any) -> pb.ModelInferRequest:
    """Return a request; ``tensors`` are arrays."""
    message = pb.ModelInferRequest(model_name=model)
    for name, values in tensors.items():
        array = np.asarray(values)
        entry = message.inputs.add(name=name, datatype=datatype(array), shape=array.shape)
        if typed:
            values = texts(array) if entry.datatype == "BYTES" else array.ravel().tolist()
            getattr(entry.contents, FIELDS[entry.datatype]).extend(values)
        else:
            message.raw_input_contents.append(raw(array))
    message.outputs.extend(pb.ModelInferRequest.InferRequestedOutputTensor(name=name) for name in outputs)
    return message


def unpacked(data: bytes) -> list[bytes]:
    out, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        out.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return out


def array_of(output: Any, data: bytes) -> np.ndarray:
    if output.datatype == "BYTES":
        return np.array(unpacked(data), object).reshape(output.shape)
    dtype = next(key for key, value in DATATYPES.items() if value == output.datatype)
    return np.frombuffer(data, dtype).reshape(output.shape)


def arrays(response: pb.ModelInferResponse) -> dict[str, np.ndarray]:
    """Return the outputs of a response by name."""
    assert len(response.outputs) == len(response.raw_output_contents)
    pairs = zip(response.outputs, response.raw_output_contents, strict=True)
    return {output.name: array_of(output, data) for output, data in pairs}
