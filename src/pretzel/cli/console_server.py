"""The socket of the console, and the console as a child process of `pretzel up`.

`pretzel up` imports this before it says anything, so it imports little.
"""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Sequence
from pathlib import Path

from pretzel.cli.children import Server, warn
from pretzel.errors import InputError, UnavailableError
from pretzel.serving.listeners import is_loopback

PORT = 8003
LOOPBACK = "127.0.0.1"
NEEDED = ("starlette", "uvicorn", "jinja2", "prometheus_client")
_BACKLOG = 128


def missing() -> str:
    """Return the first library of the console that is not installed; nothing is imported."""
    return next((library for library in NEEDED if importlib.util.find_spec(library) is None), "")


def listen(host: str, port: int, insecure: bool = False) -> socket.socket:
    """Return a listening socket.

    Raises:
        InputError: others can reach the address, and ``insecure`` is not set.
        UnavailableError: the address is taken, or not of this machine.
    """
    bare = host.strip("[]")
    if not insecure and not is_loopback(bare):
        raise InputError(
            f"console on {host!r}: others can reach it, and it has no signing in; put a proxy that authenticates in "
            "front of a loopback address, or pass --insecure"
        )
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        return socket.create_server((bare, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UnavailableError(
            f"console: cannot listen on {host}:{port} ({error.strerror}); choose another port, 0 takes a free one"
        ) from None


def of_up(
    where: str, insecure: bool, control: Server, host: str, cert: Path | None, key: Path | None
) -> Console | None:
    """Return the console of `pretzel up`, listening already; None, with a warning, if a library is not installed.

    Args:
        where: ``auto``, ``off``, a port or ``host:port``.
        insecure: allow an address that others can reach.
        control: the control plane.
        host: host of its port, or its Unix socket.
        cert: certificate of the servers, if they speak TLS.
        key: its private key.

    Raises:
        InputError: ``where`` has another form, or others can reach it.
        UnavailableError: the given port is taken.
    """
    if where == "off":
        return None
    if lacking := missing():
        warn(f"no console: it needs {lacking}; pip install 'pretzel[console]', or pass --console off")
        return None
    # The servers trust their own certificate, as workers do for the control plane.
    options = [f"--tls-ca={cert}", f"--tls-cert={cert}", f"--tls-key={key}"] if cert and key else []
    return Console(_opened(where, insecure), control, host, options)


def _opened(where: str, insecure: bool) -> socket.socket:
    if where == "auto":  # the usual port, or a free one if that is in use
        try:
            return listen(LOOPBACK, PORT)
        except UnavailableError:
            return listen(LOOPBACK, 0)
    host, _, port = where.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise InputError(f"console {where!r}: expected a port, host:port, auto or off")
    return listen(host or LOOPBACK, int(port), insecure)


class Console(Server):
    """The console of `pretzel up`, on a socket that listens already: its address is known before it runs."""

    def __init__(self, listener: socket.socket, control: Server, host: str, options: Sequence[str]) -> None:
        """Watch the control plane at its port of ``host``, or at a Unix socket."""
        super().__init__("console")
        self._listener, self._control, self._host, self._options = listener, control, host, options
        self.descriptors = (listener.fileno(),)

    @property
    def url(self) -> str:
        """The address as browsers write it."""
        host, port = self._listener.getsockname()[:2]
        near = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)
        return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"

    def arguments(self) -> list[str]:
        at = self._host if self._host.startswith("unix:") else f"{self._host}:{self._control.ready['port']}"
        return ["console", f"--descriptor={self.descriptors[0]}", f"--control-plane={at}", *self._options]
