"""Addresses to listen on: ports and Unix sockets, with the permissions and the end of their files."""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pretzel.errors import PreconditionError

UNIX = "unix:"
LONGEST_PATH = 107
"""Bytes of the longest path of a Unix socket that Linux accepts."""
_ASK_SECONDS = 1.0
"""Time for the owner of a socket file to accept a connection."""


@dataclass(frozen=True)
class Address:
    """One address: a host and a port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``host:port``, ``[::1]:port``, ``unix:/path`` or ``unix:///path``.

        Raises:
            ValueError: it has another form.
        """
        if text.startswith(UNIX):
            path = text.removeprefix(UNIX)
            path = path.removeprefix("//") if path.startswith("///") else path
            if not path or path.startswith("//"):
                raise ValueError(f"{text!r}: expected unix:/path or unix:///path")
            if len(os.fsencode(path)) > LONGEST_PATH:
                raise ValueError(f"{text!r}: a path of a Unix socket has at most {LONGEST_PATH} bytes")
            return cls(path=path)
        host, _, port = text.rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        if not bare or not (port.isascii() and port.isdecimal()) or int(port) > 65535 or (":" in bare and bare == host):
            raise ValueError(f"{text!r}: expected host:port, [IPv6]:port or unix:/path")
        return cls(bare, int(port))

    def __str__(self) -> str:
        """Return the address as gRPC writes it."""
        if self.path:
            return UNIX + self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Return whether an address to listen on is reachable only from this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class SocketFile:
    """The file of a Unix socket, from its creation to its removal."""

    def __init__(self, path: str | Path, mode: int) -> None:
        """Describe the file; nothing is created yet."""
        self._path, self._mode = Path(path), mode
        self._made: tuple[int, int] | None = None

    @contextmanager
    def binding(self) -> Iterator[None]:
        """Remove the file of a server that has ended; the block binds the socket; then set the permissions.

        Raises:
            PreconditionError: another file has the name, a server listens there, or the directory is not writable.
        """
        self._clear()
        # The file must never be open to more users than asked, not even before its permissions are set.
        before = os.umask(0o777 & ~self._mode)
        try:
            yield
        except OSError as error:
            raise PreconditionError(f"cannot listen on {UNIX}{self._path}: {error.strerror}") from None
        finally:
            os.umask(before)
        os.chmod(self._path, self._mode)
        self._made = _identity(self._path)

    def listen(self) -> socket.socket:
        """Bind the socket and listen.  Processes that inherit its descriptor can accept its connections.

        Raises:
            PreconditionError: as :meth:`binding`.
        """
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with self.binding():
                listening.bind(str(self._path))
            listening.listen(1024)
        except BaseException:
            listening.close()
            raise
        return listening

    def remove(self) -> None:
        """Remove the file, unless another server has replaced it."""
        with suppress(OSError):
            if self._made == _identity(self._path):
                self._path.unlink()

    def _clear(self) -> None:
        try:
            if not stat.S_ISSOCK(os.lstat(self._path).st_mode):
                raise PreconditionError(f"cannot listen on {UNIX}{self._path}: the file exists and is not a socket")
            if _has_listener(self._path):
                raise PreconditionError(f"cannot listen on {UNIX}{self._path}: another server listens there")
            self._path.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise PreconditionError(f"cannot listen on {UNIX}{self._path}: {error.strerror}") from None


def _identity(path: Path) -> tuple[int, int]:
    """Return what distinguishes a file from its successors, which may get the same inode."""
    state = os.stat(path)
    return state.st_ino, state.st_mtime_ns


def _has_listener(path: Path) -> bool:
    """Return whether a server listens; a socket that cannot be asked counts as one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(_ASK_SECONDS)
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            return False
        except TimeoutError:  # its queue of connections is full
            return True
        return True
