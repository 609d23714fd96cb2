"""Keys behind a URL: the whole fetch has a deadline, nothing waits for a slow one, and TLS is checked."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pretzel.errors import PreconditionError
from pretzel.serving.identity import keys as fetching
from pretzel.serving.identity.file import Issuer as Entry
from pretzel.serving.identity.file import read_identities
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.identity.keys import FETCH_SECONDS, Keys
from tests.helpers.certificates import Authority
from tests.serving.identity.entries import entry
from tests.serving.identity.issuing import AUDIENCE, ISSUER, Issuer

SECONDS = 30
OF = f'{{issuer = "{ISSUER}", subject = "ada"}}'


class Gate:
    """A fetch that answers when a test lets it, as one whose look-up of the host hangs."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer, self.begun, self.ended = issuer, threading.Event(), threading.Event()
        self.open = threading.Event()

    def fetch(self) -> bytes:
        self.begun.set()
        self.open.wait(SECONDS)
        self.ended.set()
        return self.issuer.file.read_bytes()


@pytest.fixture
def gate(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    found = Gate(issuer)
    monkeypatch.setattr(Keys, "_fetch", lambda self: found.fetch())
    yield found
    found.open.set()


def at(url: str, authorities: Path | None = None) -> Entry:
    return Entry(issuer=ISSUER, audience=AUDIENCE, jwks_url=url, jwks_ca=authorities)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():
            await asyncio.sleep(0.001)


def test_a_stop_does_not_wait_for_a_fetch(file: Path, gate: Gate):
    url = f'[[issuer]]\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\njwks_url = "https://login.example.org/keys"\n'
    file.write_text(url + entry("ada", jwt=OF))

    async def server() -> None:
        task = asyncio.create_task(Keeper(file).keep())
        await until(gate.begun.is_set)
        task.cancel()

    asyncio.run(server())  # also waits for the threads of the event loop
    assert not gate.ended.is_set()


async def test_a_fetch_ends_in_time_whatever_hangs(gate: Gate, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetching, "TIMEOUT", 0.01)
    now = [0.0]
    keys = Keys(at("https://login.example.org/keys"), lambda: now[0])
    assert not await keys.renewed()
    assert keys.problem.endswith("https://login.example.org/keys: the answer takes more than 5 seconds")
    now[0] += FETCH_SECONDS
    assert not await keys.renewed()  # it starts no second thread
    assert keys.problem.endswith("the fetch before has not ended; does the host's name resolve?")
    gate.open.set()
    await until(lambda: not keys._busy)
    assert keys.find("first") is None  # its answer came too late
    monkeypatch.setattr(fetching, "TIMEOUT", SECONDS)
    now[0] += FETCH_SECONDS
    assert await keys.renewed() and keys.find("first") is not None and keys.problem == ""


class Dripping:
    """A server that sends a field of its answer byte by byte, until the client closes the connection."""

    def __init__(self, listening: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/keys"
        self.closed = threading.Event()
        self._listening, self._over = listening, threading.Event()
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
                while not self._over.wait(0.005):
                    connection.sendall(b"x")
            except OSError:
                self.closed.set()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


async def test_a_fetch_that_is_given_up_closes_its_connection(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetching, "TIMEOUT", 0.05)
    now = [0.0]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        dripping = Dripping(listening)
        try:
            keys = Keys(at(dripping.url), lambda: now[0])
            while (
                keys._busy or not dripping.closed.is_set()
            ):  # a connection that was not open yet ends at the next time
                assert not await keys.renewed() and now[0] < FETCH_SECONDS * 600
                await asyncio.sleep(0.01)
                now[0] += FETCH_SECONDS if keys._busy else 0.0
        finally:
            dripping.stop()


class Publishing(BaseHTTPRequestHandler):
    """Answers with the file of an issuer."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.file.read_bytes())  # type: ignore[attr-defined]

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that refuse the certificate."""


@contextmanager
def published(issuer: Issuer, authority: Authority) -> Iterator[str]:
    """Serve the keys of an issuer by HTTPS, and yield their URL."""
    pair = authority.issue("issuer")
    with _Quiet(("127.0.0.1", 0), Publishing) as server:
        server.file = issuer.file  # type: ignore[attr-defined]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.cert, pair.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"https://localhost:{server.server_port}/keys"
        server.shutdown()
        thread.join()


async def test_the_certificate_of_the_issuer_is_checked(tmp_path: Path, issuer: Issuer):
    authority, other = Authority(tmp_path / "a"), Authority(tmp_path / "b", "other")
    with published(issuer, authority) as url:
        keys = Keys(at(url, authority.cert))
        assert await keys.renewed() and keys.find("first") is not None
        for refused in (Keys(at(url, other.cert)), Keys(at(url))):
            assert not await refused.renewed() and refused.find("first") is None
            assert url in refused.problem and "CERTIFICATE_VERIFY_FAILED" in refused.problem


def test_files_of_authorities(tmp_path: Path, file: Path):
    with pytest.raises(PreconditionError, match=r"^jwks_ca: .*none.pem: No such file or directory$"):
        Keys(at("https://localhost/keys", tmp_path / "none.pem"))
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    with pytest.raises(PreconditionError, match=r"^jwks_ca: .*empty.pem has no certificate in PEM"):
        Keys(at("https://localhost/keys", empty))
    table = f'[[issuer]]\nissuer = "{ISSUER}"\naudience = "a"\njwks_file = "keys.json"\njwks_ca = "{empty}"\n'
    file.write_text(table + entry("ada", jwt=OF))
    with pytest.raises(PreconditionError, match="jwks_ca is of the server behind jwks_url; a file needs none"):
        read_identities(file)
