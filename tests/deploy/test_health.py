"""The container's health check against a real health server."""

import os
import subprocess
import sys
from concurrent import futures

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tests.deploy.manifests import DEPLOY
from tests.helpers.certificates import Authority

Status = health_pb2.HealthCheckResponse


@pytest.fixture
def server():
    servicer = health.HealthServicer()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield address, servicer
    server.stop(None).wait()


def ask(*arguments, **variables):
    command = [sys.executable, DEPLOY / "health.py", *arguments]
    return subprocess.run(command, timeout=30, env=os.environ | variables).returncode


@pytest.mark.parametrize("status", ["SERVING", "NOT_SERVING"])
def test_status(server, status):
    address, servicer = server
    servicer.set("", Status.ServingStatus.Value(status))
    assert ask(address) == (0 if status == "SERVING" else 1)


def test_one_service(server):
    address, servicer = server
    servicer.set("here", Status.SERVING)
    assert ask(address, "here") == 0
    assert ask(address, "elsewhere") == 1


def test_tls_and_unix_sockets(tmp_path):
    authority, path = Authority(tmp_path), tmp_path / "s"
    pair, servicer = authority.issue("server"), health.HealthServicer()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    credentials = grpc.ssl_server_credentials([(pair.key.read_bytes(), pair.cert.read_bytes())])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.add_insecure_port(f"unix:{path}")
    server.start()
    servicer.set("", Status.SERVING)
    try:
        assert ask(f"unix:{path}") == 0
        assert ask(f"https://localhost:{port}", PRETZEL_TLS_CA=str(authority.cert)) == 0
        assert ask(f"https://localhost:{port}") == 1
    finally:
        server.stop(None).wait()


def test_no_server(server):
    address, _ = server
    _, port = address.split(":")
    assert ask(f"127.0.0.2:{port}") == 1
