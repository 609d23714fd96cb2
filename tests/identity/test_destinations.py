"""Destinations of tokens: a worker's goes to its control plane, the console's to the metrics of workers."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pretzel.client.overview import Fleet, LiveWorker
from pretzel.console.app import Plane
from pretzel.console.monitor import Monitor
from pretzel.data_plane.pull.channel import connect
from pretzel.errors import InputError, UnauthenticatedError
from pretzel.scraping.reader import Reader
from pretzel.serving.identity.tokens import new_token
from pretzel.targets import Bearer, Tls

ELSEWHERE = "192.0.2.1:8101"
"""An address of the documentation (RFC 5737), not of this machine."""


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(new_token())
    return file


def test_a_worker_does_not_start_if_its_token_would_travel_as_plain_text(tmp_path: Path, token_file: Path):
    given = {"control-plane": ELSEWHERE, "control-token-file": token_file, "cache-dir": tmp_path / "cache", "port": 0}
    options = [f"--{name}={value}" for name, value in given.items()]
    command = [sys.executable, "-P", "-m", "pretzel.data_plane", "--insecure", "--host=0.0.0.0", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1 and ended.stdout == ""
    assert f"{ELSEWHERE}: a token over plain text can be read on the network; use https://" in ended.stderr
    assert "--insecure-token" in ended.stderr and token_file.read_text() not in ended.stderr


async def test_every_address_of_a_list_is_checked(token_file: Path):
    bearer = Bearer(file=token_file)
    with pytest.raises(InputError, match=f"^{ELSEWHERE}: a token over plain text"):
        connect(f"127.0.0.1:1,{ELSEWHERE}", bearer=bearer)
    await connect(f"127.0.0.1:1,{ELSEWHERE}", bearer=bearer, insecure_token=True).close()
    await connect(f"127.0.0.1:1,https://{ELSEWHERE},unix:/control", bearer=bearer).close()
    await connect(ELSEWHERE).close()


class Metrics(BaseHTTPRequestHandler):
    """Closed metrics: answers those who show any token, and keeps all tokens."""

    def do_GET(self) -> None:
        token = self.headers.get("authorization", "")
        self.server.seen.append(token)  # type: ignore[attr-defined]
        answer = (
            b"# TYPE pretzel_resident_plans gauge\npretzel_resident_plans 1\n"
            if token
            else b"no credential; send a token"
        )
        self.send_response(200 if token else 401)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class Listening:
    """The address of metrics, and the credentials that it has seen."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.seen = list[str]()
        server.seen = self.seen  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{server.server_port}/metrics"


@pytest.fixture
def metrics() -> Iterator[Listening]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Metrics) as server:
        listening = Listening(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield listening
        server.shutdown()
        thread.join()


def worker(name: str, address: str, metrics: str) -> LiveWorker:
    return LiveWorker(name, address, metrics, "e", 1, "1", 0, 0, ())


async def test_the_console_sends_its_token_to_the_workers_own_host_only(metrics: Listening, token_file: Path):
    addresses = {"near": "127.0.0.1:8001", "socket": "unix:/run/pretzel.sock", "named": "https://localhost:8001"}
    strange = {"other": "10.0.0.9:8001", "no-address": "", "list": "ipv4:127.0.0.1:1,127.0.0.1:2"}
    listed = [worker(name, address, metrics.url) for name, address in (addresses | strange).items()]

    async def workers() -> Fleet:
        return Fleet("e", 1, listed, len(listed))

    monitor = Monitor(workers, Plane("127.0.0.1:1", token_file=token_file).reader().read)
    await monitor.round()
    assert set(monitor.state.seen) == {*addresses}
    assert sorted(metrics.seen) == [""] * 3 + [f"Bearer {token_file.read_text()}"] * 3
    problem = monitor.state.problems["other"]
    assert problem.endswith("the token was not sent: the host is not that of the worker's address '10.0.0.9:8001'")


def test_a_url_that_the_user_gives_gets_the_token(metrics: Listening, token_file: Path):
    Reader(Tls(), Bearer(file=token_file)).read_now(metrics.url)
    assert metrics.seen == [f"Bearer {token_file.read_text()}"]
    with pytest.raises(UnauthenticatedError, match="no credential; send a token"):
        Reader(Tls()).read_now(metrics.url)


@pytest.mark.parametrize(
    ("url", "address", "sent"),
    [
        ("https://w1.example.org:8002/metrics", "https://w1.example.org:8001", True),
        ("https://W1.example.org:8002/metrics", "https://w1.example.ORG:8001", True),
        ("https://[2001:db8::1]:8002/metrics", "https://[2001:db8::1]:8001", True),
        ("https://w2.example.org:8002/metrics", "https://w1.example.org:8001", False),
        ("https://w1.example.org.evil.org/metrics", "https://w1.example.org:8001", False),
        ("https://127.0.0.1:8002/metrics", "https://w1.example.org:8001", False),
        ("https://w1.example.org:8002/metrics", "127.0.0.1:8001", False),
        ("https://w1.example.org:8002/metrics", "https://w1.example.org/x", False),
        ("http://w1.example.org:8002/metrics", "w1.example.org:8001", False),
    ],
)
def test_hosts_of_metrics(url: str, address: str, sent: bool, token_file: Path):
    reader, bearer, asked = Reader(Tls(), Bearer(file=token_file)), Bearer(file=token_file), list[str | None]()

    def answer(request: object, timeout: float) -> object:
        asked.append(request.get_header("Authorization"))  # type: ignore[attr-defined]
        raise OSError("nothing is sent")

    reader._opener.open = answer  # type: ignore[method-assign, assignment]
    with pytest.raises(Exception, match="nothing is sent"):
        reader.read_now(url, address)
    assert asked == [f"Bearer {bearer.token}" if sent else None]
