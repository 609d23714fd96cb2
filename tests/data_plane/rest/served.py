"""A worker in a process of its own with models of real estimators, and plain clients of its HTTP front."""

from __future__ import annotations

import http.client
import json
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pretzel.compiler.compile import compile_plan
from pretzel.plan.definition import Definition
from pretzel.plan.model import Model
from pretzel.plan.steps import stored
from tests.data_plane.control import version
from tests.data_plane.models import objects_of
from tests.data_plane.rest import scripted

SECONDS = 60
ROOT = Path(__file__).parents[3]


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        assert self.headers["content-type"] == "application/json"
        assert self.json.keys() == {"error"}
        return str(self.json["error"])


class Control:
    """A scripted control plane in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", scripted.__name__]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self._models: dict[str, Model] = {}
        self.address: str = self._heard()

    def _heard(self) -> Any:
        assert self._process.stdout
        return pickle.load(self._process.stdout)

    def deploy(self, name: str, definition: Definition) -> None:
        """Add a version, and point `stable` at it."""
        plan, objects = objects_of(definition)
        named = stored(compile_plan(definition).steps)
        old = self._models.get(name, Model(name))
        added = replace(version(name, len(old.versions) + 1, plan), metadata={**definition.metadata, **named})
        model = self._models[name] = Model(name, (*old.versions, added), {"stable": added.version, "first": 1})
        assert self._process.stdin
        scripted.sent(self._process.stdin, (model, objects))
        self._heard()

    def stop(self) -> None:
        self._process.communicate(timeout=SECONDS)


class Worker:
    """A running worker."""

    def __init__(self, process: subprocess.Popen[bytes], ready: dict[str, Any], control: Control) -> None:
        self.process, self.ready, self.control = process, ready, control
        self.http: str = ready["http"]
        self.grpc = f"127.0.0.1:{ready['port']}"

    @property
    def url(self) -> str:
        return f"http://{self.http}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request; other bodies than bytes are sent as JSON."""
        host, _, port = self.http.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=SECONDS)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            fields = {name.replace("_", "-"): value for name, value in headers.items()}
            if data is not None and not isinstance(body, bytes):
                fields.setdefault("content-type", "application/json")
            connection.request(method, path, data, fields)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def until_ready(self) -> None:
        """Wait until the worker reports that it serves: it does so after it listens."""
        deadline = time.monotonic() + SECONDS
        while self.get("/v2/health/ready").status != 200:
            assert time.monotonic() < deadline

    def connect(self) -> socket.socket:
        host, _, port = self.http.rpartition(":")
        return socket.create_connection((host, int(port)), SECONDS)


@contextmanager
def running(path: Path, models: Mapping[str, Definition], *options: str) -> Iterator[Worker]:
    """Run a control plane with these models, and a worker of it."""
    control = Control()
    try:
        for name, definition in models.items():
            control.deploy(name, definition)
        command = [sys.executable, "-P", "-m", "pretzel.data_plane", "--cache-dir", str(path), "--port", "0"]
        command += ["--http", "127.0.0.1:0", "--metrics-port", "0", "--control-plane", control.address]
        # A busy machine would make the worker refuse requests.
        command += ["--shed-after-seconds", "0", "--log-level", "warning", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        try:
            assert process.stdout
            yield Worker(process, json.loads(process.stdout.readline()), control)
        finally:
            process.terminate()
            process.wait(SECONDS)
            process.stdout.close()
    finally:
        control.stop()
