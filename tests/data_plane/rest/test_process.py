"""The HTTP front as a part of a worker: several processes, TLS, sockets, metrics, options and the end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from pydantic import ValidationError

from pretzel.data_plane.settings import Settings
from tests.data_plane.oip.trained import TEXTS, definitions, estimators
from tests.data_plane.rest.served import SECONDS, Worker, running
from tests.helpers.certificates import Authority

PREDICT = "/v1/models/text:predict"
LABELS = [{"predict": label} for label in estimators()["text"].predict(TEXTS).tolist()]
BODY = {"rows": TEXTS, "outputs": ["predict"]}
TEXT = {"text": definitions()["text"]}


def metrics(worker: Worker) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.ready['metrics_port']}/metrics", timeout=SECONDS) as page:
        lines = page.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_metrics(tmp_path: Path):
    with running(tmp_path, TEXT) as worker:
        for _ in range(3):
            assert worker.post(PREDICT, BODY).json["predictions"] == LABELS
        assert worker.post(PREDICT, {}).status == 400
        assert worker.get("/nothing").status == 404
        found = metrics(worker)
        assert found['pretzel_http_requests_total{method="predict",status="200"}'] == 3
        assert found['pretzel_http_requests_total{method="predict",status="400"}'] == 1
        assert found['pretzel_http_requests_total{method="unread",status="404"}'] == 1
        assert found['pretzel_request_seconds_count{method="predict",model="text"}'] == 3
        assert found['pretzel_rows_total{method="predict",model="text"}'] == 3 * len(TEXTS)
        assert found['pretzel_errors_total{code="INVALID_ARGUMENT",method="predict",model="text"}'] == 1


def test_several_processes_and_a_drain(tmp_path: Path):
    options = ("--workers", "2", "--cors-origins", "https://a.example", "--invocations-model", "text")
    with running(tmp_path, TEXT, *options) as worker:
        host, _, port = worker.http.rpartition(":")
        connections = [http.client.HTTPConnection(host, int(port), timeout=SECONDS) for _ in range(8)]
        for connection in connections:
            connection.request("POST", PREDICT, json.dumps(BODY))
            assert json.loads(connection.getresponse().read())["predictions"] == LABELS
        assert sorted(sockets(pid, int(port)) for pid in worker.ready["processes"]) == [4, 4]  # of 8 connections
        for connection in connections:
            connection.close()
        assert worker.post("/invocations", {"inputs": TEXTS}).json["predictions"] == [r["predict"] for r in LABELS]
        check_origins(worker)
        check_drain(worker)


def sockets(pid: int, port: int) -> int:
    """Return the connections of a port that a process holds."""
    inodes = {line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if is_open(line, port)}
    held = (os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink())
    return sum(link.removeprefix("socket:[").removesuffix("]") in inodes for link in held)


def is_open(line: str, port: int) -> bool:
    _, local, _, state = line.split()[:4]
    return state == "01" and int(local.rpartition(":")[2], 16) == port


def check_origins(worker: Worker) -> None:
    allowed = worker.post(PREDICT, BODY, origin="https://a.example").headers
    assert allowed["access-control-allow-origin"] == "https://a.example" and allowed["vary"] == "origin"
    assert "access-control-allow-origin" not in worker.get("/v2", origin="https://b.example").headers
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "content-type"}
    answer = worker.ask("OPTIONS", PREDICT, origin="https://a.example", **asked)
    assert (answer.status, answer.headers["access-control-allow-methods"]) == (204, "OPTIONS, POST")
    assert answer.headers["access-control-allow-headers"] == "content-type"
    refused = worker.ask("OPTIONS", PREDICT, origin="https://b.example", **asked)
    assert refused.status == 204 and "access-control-allow-methods" not in refused.headers


def check_drain(worker: Worker) -> None:
    with worker.connect() as idle:
        worker.process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""
    assert worker.process.wait(SECONDS) == 0


def until_ready(connection: http.client.HTTPConnection) -> None:
    deadline, status = time.monotonic() + SECONDS, 0
    while status != 200:
        assert time.monotonic() < deadline
        connection.request("GET", "/v2/health/ready")
        response = connection.getresponse()
        response.read()
        status = response.status


def test_tls(tmp_path: Path):
    authority = Authority(tmp_path)
    pair = authority.issue("worker")
    with running(tmp_path / "cache", TEXT, "--tls-cert", str(pair.cert), "--tls-key", str(pair.key)) as worker:
        host, _, port = worker.http.rpartition(":")
        context = ssl.create_default_context(cafile=str(authority.cert))
        connection = http.client.HTTPSConnection(host, int(port), timeout=SECONDS, context=context)
        until_ready(connection)
        for _ in range(2):
            connection.request("POST", PREDICT, json.dumps(BODY))
            assert json.loads(connection.getresponse().read())["predictions"] == LABELS
        connection.close()
        with pytest.raises((http.client.HTTPException, OSError)):
            worker.get("/v2")


def test_a_unix_socket_and_the_other_front(tmp_path: Path):
    path = tmp_path / "http.sock"
    with running(tmp_path / "cache", TEXT, "--http", f"unix:{path}", "--front", "grpcio") as worker:
        assert worker.http == f"unix:{path}" and path.stat().st_mode & 0o777 == 0o600
        command = ["curl", "-sS", "--unix-socket", str(path), "-m", "30", f"http://a{PREDICT}", "-d", json.dumps(BODY)]
        found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        assert found["predictions"] == LABELS


def test_a_taken_port(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-P", "-m", "pretzel.data_plane", "--cache-dir", str(tmp_path), "--http", str(port)]
        command += ["--port", "0", "--metrics-port", "0", "--control-plane", "127.0.0.1:9"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use; choose another http" in ended.stderr


@pytest.mark.parametrize(
    ("http", "address"),
    [("8080", "127.0.0.1:8080"), ("127.0.0.2:80", "127.0.0.2:80"), ("unix:/a", "unix:/a"), ("off", "None")],
)
def test_addresses(http: str, address: str):
    assert str(Settings(http=http).http_address) == address


@pytest.mark.parametrize(
    ("http", "text"),
    [
        ("no", "http: 'no': expected host:port, [IPv6]:port or unix:/path, a port of `host`, or off"),
        ("70000", "http: '70000': expected a port, at most 65535"),
        ("0.0.0.0:80", "http '0.0.0.0:80' is reachable from other hosts: give tls_cert and tls_key"),
    ],
)
def test_refused_addresses(http: str, text: str):
    with pytest.raises(ValidationError) as caught:
        Settings(http=http)
    assert text in str(caught.value)
