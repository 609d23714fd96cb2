"""The container's health check against a real health server."""

import subprocess
import sys
from concurrent import futures

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tests.deploy.manifests import DEPLOY

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


def ask(*arguments):
    return subprocess.run([sys.executable, DEPLOY / "health.py", *arguments], timeout=30).returncode


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


def test_no_server(server):
    address, _ = server
    _, port = address.split(":")
    assert ask(f"127.0.0.2:{port}") == 1
