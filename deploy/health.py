#!/usr/bin/env python
"""Asks a server of this container whether it serves (grpc.health.v1); exit status 0 means yes.

Usage: pretzel-health [ADDRESS] [SERVICE].  Without an address it asks whichever default port answers: an image does
not know which of the planes it runs.  An address is host:port, https://host:port or unix:/path; PRETZEL_TLS_CA,
PRETZEL_CLIENT_CERT and PRETZEL_CLIENT_KEY name the files of TLS, as for the `pretzel` command.
"""

import os
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pretzel.targets import Target, Tls

PORTS = (8001, 8101)
TIMEOUT = 1.0


def serves(address: str, service: str = "") -> bool:
    """Return whether the server at an address says SERVING."""
    target = Target.of(address)
    with _channel(target) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=TIMEOUT)
        except grpc.RpcError:
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def _channel(target: Target) -> grpc.Channel:
    if not target.secure:
        return grpc.insecure_channel(target.address)
    files = (os.environ.get(f"PRETZEL_{name}") for name in ("TLS_CA", "CLIENT_CERT", "CLIENT_KEY"))
    return grpc.secure_channel(target.address, Tls(*files).credentials())


def main(arguments: list[str]) -> int:
    """Return the exit status for a command line."""
    if arguments:
        return 0 if serves(*arguments[:2]) else 1
    return 0 if any(serves(f"127.0.0.1:{port}") for port in PORTS) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
