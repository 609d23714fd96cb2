"""Serves `/metrics` over HTTP to a bounded number of connections, and closes silent ones."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from pretzel.errors import PreconditionError
from pretzel.serving.identity.http import CHALLENGE, Gate
from pretzel.serving.listeners import Address
from pretzel.serving.tls import ServerTls

MOST_CONNECTIONS = 16
"""Concurrent connections; each takes a thread and a descriptor, and further ones are closed on arrival."""
SILENT_SECONDS = 5.0
"""Longest time that a connection may stay silent."""

_CERTIFICATE = "pretzel.certificate"
"""Where an application finds the certificate of the peer."""


@dataclass(frozen=True)
class Endpoint:
    """A running ``/metrics``."""

    port: int
    close: Callable[[], None]


def serve(
    registry: CollectorRegistry,
    host: str,
    port: int,
    *,
    setting: str = "metrics_port",
    tls: ServerTls | None = None,
    gate: Gate | None = None,
) -> Endpoint:
    """Serve ``/metrics`` on a separate thread, to those whom ``gate`` lets in.

    Raises:
        PreconditionError: the port is taken; the message names ``setting``.
    """
    bare = host.strip("[]")
    family = _Server6 if ":" in bare else _Server
    try:
        application = _guarded(make_wsgi_app(registry), gate)
        server = make_server(bare, port, application, server_class=family, handler_class=_Handler)
    except OSError as error:
        raise PreconditionError(
            f"metrics: cannot listen on {Address(bare, port)} ({error.strerror}); "
            f"choose another {setting}, 0 picks a free one"
        ) from None
    server.tls = tls
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return Endpoint(server.server_port, close)


def _guarded(application: Any, gate: Gate | None) -> Any:
    """Return an application that answers only those whom a gate lets in."""
    if gate is None:
        return application

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        refusal = gate(environ.get("HTTP_AUTHORIZATION"), environ.get(_CERTIFICATE))
        if refusal is None:
            return application(environ, start_response)
        start_response(refusal.status, [("Content-Type", "text/plain; charset=utf-8"), CHALLENGE])
        return [f"{refusal.message}\n".encode()]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    tls: ServerTls | None = None
    request_queue_size = 128

    def __init__(self, *arguments: Any) -> None:
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection on a thread, or close it if too many are open."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread can be started now
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection."""
        try:
            if self.tls is not None:
                request.settimeout(SILENT_SECONDS)
                request = self.tls.context.wrap_socket(request, server_side=True)
            super().process_request_thread(request, client_address)
        except OSError:  # no handshake
            self.shutdown_request(request)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that disconnected or was silent."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = SILENT_SECONDS

    def get_environ(self) -> dict[str, Any]:
        """Return what the application knows of a request, with the certificate of its peer."""
        connection: Any = self.connection
        seen = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
        return super().get_environ() | {_CERTIFICATE: seen}

    def log_message(self, format: str, *arguments: Any) -> None:
        """Suppress request logs."""
