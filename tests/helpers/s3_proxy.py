"""A proxy between a client and a real S3 server, which fails some requests as servers and networks do."""

import hashlib
import http.client
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.helpers.certificates import Pair
from tests.helpers.s3 import S3

_SECONDS = 30
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True)
class Answer:
    """An error instead of an answer of the server."""

    status: int
    code: str


@dataclass(frozen=True)
class Cut:
    """The server does its work, and the connection is lost after some bytes of the body of its answer."""

    after: int = 0
    headers: bool = True


@dataclass(frozen=True)
class Flip:
    """One bit of the answer changes on the way."""


@dataclass(frozen=True)
class Redirect:
    """An answer that names another address."""

    target: str


@dataclass(frozen=True)
class Stall:
    """After some bytes of the body of its answer, the server sends nothing until it may go on."""

    after: int
    begun: threading.Event
    end: threading.Event


@dataclass(frozen=True)
class Replay:
    """An old answer to the same request, as a listing that lags."""


Fault = Answer | Cut | Flip | Redirect | Replay | Stall
Rule = Callable[[str, str], Fault | None]
"""Returns the fault of a request, by its method and its path with the query."""


class Proxy:
    """Forwards requests to a server whose address may change; its own address stays."""

    def __init__(self, server: S3, tls: Pair | None = None) -> None:
        """Listen on any port, with ``tls`` over TLS."""
        self.server = server
        self.scheme = "https" if tls else "http"
        self.rule: Rule = lambda method, path: None
        self.requests: list[tuple[str, str]] = []
        self.conditional = False
        """Whether it answers If-Match and If-None-Match of uploads, which this server ignores."""
        self.lock = threading.Lock()
        self.answers: dict[str, tuple[int, list[tuple[str, str]], bytes]] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self._http.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.cert, tls.key)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._http.server_address[1]}"

    def fail(self, fault: Fault, times: int = 1 << 30, method: str = "", part: str = "") -> None:
        """Let the next requests of a method, whose path has a part, fail."""
        left = [times]

        def rule(asked: str, path: str) -> Fault | None:
            if method not in ("", asked) or part not in path or left[0] <= 0:
                return None
            left[0] -= 1
            return fault

        self.rule = rule

    def heal(self) -> None:
        """Let no more requests fail, and forget those that were made."""
        self.rule = lambda method, path: None
        self.requests.clear()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=_SECONDS)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            data = answer.read()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
            length = answer.getheader("Content-Length")
            return answer.status, [*kept, ("Content-Length", length or str(len(data)))], data
        finally:
            connection.close()

    def refuses(self, path: str, headers: dict[str, str]) -> bool:
        """Return whether a condition of an upload does not hold, by the file of the server."""
        lowered = {name.lower(): value for name, value in headers.items()}
        file = self.server.directory / "root" / path.partition("?")[0].lstrip("/")
        tag = f'"{hashlib.md5(file.read_bytes()).hexdigest()}"' if file.is_file() else None
        if "if-none-match" in lowered:
            return tag is not None
        return "if-match" in lowered and lowered["if-match"] != tag


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"
    # Head and body in one write, at once: else each answer waits 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        return

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.proxy.lock:
            self.proxy.requests.append((self.command, self.path))
            fault = self.proxy.rule(self.command, self.path)
        if isinstance(fault, Answer):
            return self._refuse(fault)
        if isinstance(fault, Redirect):
            return self._send(307, [("Location", fault.target), ("Content-Length", "0")], b"", None)
        try:
            status, headers, data = self._answer(fault, body)
        except OSError:  # the server was killed
            self.close_connection = True
            return None
        if isinstance(fault, Flip) and data:
            data = bytes([data[0] ^ 1]) + data[1:]
        self._send(status, headers, data, fault if isinstance(fault, Cut | Stall) else None)

    def _answer(self, fault: Fault | None, body: bytes) -> tuple[int, list, bytes]:
        if isinstance(fault, Replay):
            return self.proxy.answers[self.path]
        with self.proxy.lock:  # conditions are checked and requests done one at a time
            if self.proxy.conditional and self.command == "PUT" and self.proxy.refuses(self.path, dict(self.headers)):
                return _error(Answer(412, "PreconditionFailed"))
            answer = self.proxy.forward(self.command, self.path, dict(self.headers), body)
            if "list-type" in self.path:
                self.proxy.answers[self.path] = answer
            return answer

    def _refuse(self, fault: Answer) -> None:
        self._send(*_error(fault), None)

    def _send(self, status: int, headers: list, data: bytes, cut: Cut | Stall | None) -> None:
        self.close_connection = self.close_connection or cut is not None
        if isinstance(cut, Cut) and not cut.headers:
            return
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data if cut is None else data[: cut.after])
        if isinstance(cut, Stall):
            self.wfile.flush()
            cut.begun.set()
            cut.end.wait(_SECONDS)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve


def _error(fault: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    body = f"<?xml version='1.0'?><Error><Code>{fault.code}</Code><Message>-</Message></Error>".encode()
    return fault.status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body
