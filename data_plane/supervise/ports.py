"""The addresses that the serving processes of one worker share, reserved against other programs."""

from __future__ import annotations

import socket
from importlib.util import find_spec

from pretzel.data_plane.settings import Settings
from pretzel.errors import PreconditionError
from pretzel.serving.listeners import Address, SocketFile


class SharedAddresses:
    """The addresses of a worker, held while its processes come and go; a single process of grpcio binds its own."""

    def __init__(self, settings: Settings) -> None:
        """Hold the addresses.

        Raises:
            PreconditionError: another program has one.
        """
        self.port = settings.port
        """Port of the host; 0 if a single process is to pick one."""
        self.further: list[str] = list(map(str, settings.listeners))
        """Further addresses."""
        self.descriptors: dict[str, int] = {}
        """Descriptors of their sockets, which each process inherits: connections that wait outlive a process."""
        self.http = ""
        """Address of the HTTP front, which is always held; empty without one."""
        self.are_held = settings.workers > 1 or is_native(settings)
        self._sockets: list[socket.socket] = []
        self._files: list[SocketFile] = []
        try:
            if self.are_held:
                self.port = self._hold_port(settings.host, settings.port, "port")
                self.further = [self._hold(address, settings.socket_mode) for address in settings.listeners]
            if settings.http_address is not None:
                self.http = self._hold(settings.http_address, settings.socket_mode, "http")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the addresses up."""
        for held in self._sockets:
            held.close()
        for file in self._files:
            file.remove()

    def _hold(self, address: Address, mode: int, setting: str = "listen") -> str:
        if not address.path:
            return str(Address(address.host, self._hold_port(address.host, address.port, setting)))
        file = SocketFile(address.path, mode)
        self._sockets.append(file.listen())
        self._files.append(file)
        self.descriptors[str(address)] = self._sockets[-1].fileno()
        return str(address)

    def _hold_port(self, host: str, port: int, setting: str) -> int:
        held = hold_port(host, port, setting)
        self._sockets.append(held)
        chosen = int(held.getsockname()[1])
        self.descriptors[str(Address(host.strip("[]"), chosen))] = held.fileno()
        return chosen


def is_native(settings: Settings) -> bool:
    """Return whether the native front serves: its package may be missing."""
    return settings.front == "native" and find_spec("ngh2") is not None


def hold_port(host: str, port: int, setting: str = "port") -> socket.socket:
    """Bind a port for processes that will share it, and return the socket that reserves it.

    Connections of an earlier worker in TIME_WAIT do not block it; a listener, or another socket that holds the port,
    does.

    Raises:
        PreconditionError: another program has it.
    """
    try:
        (family, kind, protocol, _, name), *_ = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        held = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _taken(host, port, error, setting) from None
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(name)  # without SO_REUSEPORT, so that a taken port is noticed
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)  # else a second holder could bind it as well
    except OSError as error:
        held.close()
        raise _taken(host, port, error, setting) from None
    return held


def _taken(host: str, port: int, error: OSError, setting: str) -> PreconditionError:
    return PreconditionError(f"cannot listen on {host}:{port}: {error.strerror or error}; choose another {setting}")
