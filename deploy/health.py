#!/usr/bin/env python
"""Asks a server of this container whether it serves (grpc.health.v1); exit status 0 means yes.

Usage: pretzel-health [ADDRESS] [SERVICE].  Without an address it asks whichever default port answers: an image does
not know which of the planes it runs.
"""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

PORTS = (8001, 8101)
TIMEOUT = 1.0


def serves(address: str, service: str = "") -> bool:
    """Return whether the server at an address says SERVING."""
    with grpc.insecure_channel(address) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=TIMEOUT)
        except grpc.RpcError:
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def main(arguments: list[str]) -> int:
    """Return the exit status for a command line."""
    if arguments:
        return 0 if serves(*arguments[:2]) else 1
    return 0 if any(serves(f"127.0.0.1:{port}") for port in PORTS) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
