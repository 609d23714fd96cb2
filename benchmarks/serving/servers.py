"""Start the servers that the front's benchmark compares: a worker, an echo, and the rivals that are installed."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import joblib

RIVALS = Path(__file__).parent / "rivals"
PYTHON = os.environ.get("PRETZEL_RIVALS", "build/rivals/bin/python")
"""Interpreter of the environment in which the rivals are installed."""
START_SECONDS = 60.0


@contextlib.contextmanager
def echo() -> Iterator[int]:
    """Start a bare grpc.aio server that echoes, and yield its port."""
    with _announced("benchmarks.serving.echo") as port:
        yield port


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """Start a server that answers every call with the same bytes, and yield its port."""
    with _announced("benchmarks.serving.sink") as port:
        yield port


@contextlib.contextmanager
def own_http() -> Iterator[tuple[str, int]]:
    """Start the HTTP front of a worker with one answer for all requests, and yield its address and its process."""
    with _started([sys.executable, "-m", "benchmarks.serving.stacks", "serve"]) as process:
        assert process.stdout
        port = int(json.loads(process.stdout.readline())["port"])
        yield f"http://127.0.0.1:{port}/inference", process.pid


@contextlib.contextmanager
def asgi(parser: str, kind: str, body: bytes) -> Iterator[tuple[str, int]]:
    """Start uvicorn with one answer for all requests, and yield its address and its process."""
    port = _free_port()
    with _started([PYTHON, str(RIVALS / "asgi_server.py"), parser, kind, str(port)]) as process:
        _wait_for(port, body)
        yield f"http://127.0.0.1:{port}/inference", process.pid


@contextlib.contextmanager
def _announced(module: str) -> Iterator[int]:
    """Run a module that prints its port, and yield that."""
    with _started([sys.executable, "-m", module]) as process:
        assert process.stdout
        yield int(json.loads(process.stdout.readline())["port"])


@contextlib.contextmanager
def rival(name: str, estimator: Any, body: bytes) -> Iterator[str | None]:
    """Start a rival with an estimator, and yield the address for one row; None if it is not installed."""
    with _rival(name, estimator) as port:
        if port is not None:
            _wait_for(port, body)
        yield None if port is None else f"http://127.0.0.1:{port}/inference"


@contextlib.contextmanager
def mlserver(estimator: Any, method: str, message: bytes) -> Iterator[str | None]:
    """Start MLServer with an estimator, and yield its gRPC target once it answers; None if it is not installed."""
    with _rival("mlserver", estimator) as port:
        if port is not None:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                _wait_for_model(channel.unary_unary(method), message)
        yield None if port is None else f"127.0.0.1:{port}"


@contextlib.contextmanager
def _rival(name: str, estimator: Any) -> Iterator[int | None]:
    """Start a rival on a port; the package that it needs has its name."""
    if not Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", f"import {name}"], capture_output=True).returncode:
        yield None
        return
    with tempfile.TemporaryDirectory() as directory:
        model = Path(directory) / "model.joblib"
        joblib.dump(estimator, model)
        port = _free_port()
        with _started([PYTHON, str(RIVALS / f"{name}_server.py"), str(model), str(port)]):
            yield port


@contextlib.contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def _wait_for_model(call: grpc.UnaryUnaryMultiCallable, message: bytes) -> None:
    """Wait until a server has loaded its model and answers."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            call(message, timeout=START_SECONDS, wait_for_ready=True)
            return
        except grpc.RpcError:
            if time.monotonic() > end:
                raise
        time.sleep(0.2)


def _wait_for(port: int, body: bytes) -> None:
    """Wait until a rival answers."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("POST", "/inference", body)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise TimeoutError(f"the rival on port {port} did not answer in {START_SECONDS:.0f} s")
        time.sleep(0.2)
