"""A bare grpc.aio server that answers each request with its own bytes: the cost of gRPC itself in Python."""

from __future__ import annotations

import asyncio
import json
import os

import grpc


class _Echo(grpc.GenericRpcHandler):
    """Echoes whatever method is called."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """Return the handler."""
        return grpc.unary_unary_rpc_method_handler(_echo)


async def _echo(request: bytes, context: object) -> bytes:
    return request


async def serve() -> None:
    """Serve on a free port, which a line of JSON names."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers([_Echo()])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(json.dumps({"port": port, "pid": os.getpid()}), flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve())
