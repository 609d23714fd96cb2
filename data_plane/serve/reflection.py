"""Server reflection, as `grpc.reflection.v1alpha` and as `grpc.reflection.v1`: their messages are equal on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

SERVICES = ("grpc.reflection.v1alpha.ServerReflection", "grpc.reflection.v1.ServerReflection")


def register(names: Sequence[str], services: Any, pool: Any = None) -> None:
    """Register reflection over these services and itself; their descriptors are in ``pool``, or in the default one."""
    # The newer name has no descriptor in the package; a client that knows the service brings its own.
    servicer = ReflectionServicer([*names, *SERVICES], pool=pool or descriptor_pool.Default())
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for service in SERVICES:
        generic = grpc.method_handlers_generic_handler(service, {"ServerReflectionInfo": handler})
        services.add_generic_rpc_handlers((generic,))
