"""The service of the Open Inference Protocol, for servers and clients of grpcio."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from pretzel.inference.pool import POOL

SERVICE = POOL.FindServiceByName("inference.GRPCInferenceService")
NAME: str = SERVICE.full_name


def add_GRPCInferenceServiceServicer_to_server(servicer: Any, server: Any) -> None:
    """Register a servicer, as the function that protoc generates does; a method may also return bytes."""
    handlers = {method.name: _handler(method, getattr(servicer, method.name)) for method in SERVICE.methods}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, handlers),))


class GRPCInferenceServiceStub:
    """Calls of the service over a channel, each an attribute."""

    def __init__(self, channel: Any) -> None:
        for method in SERVICE.methods:
            call = channel.stream_stream if method.client_streaming else channel.unary_unary
            read, write = _read(method.output_type), _write(method.input_type)
            path = f"/{NAME}/{method.name}"
            setattr(self, method.name, call(path, request_serializer=write, response_deserializer=read))


def _handler(method: MethodDescriptor, behaviour: Any) -> Any:
    streams = method.client_streaming
    make = grpc.stream_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
    return make(behaviour, _read(method.input_type), _write(method.output_type))


def _read(message: Any) -> Any:
    return GetMessageClass(message).FromString


def _write(message: Any) -> Any:
    write: Any = GetMessageClass(message).SerializeToString
    return lambda value: value if type(value) is bytes else write(value)
