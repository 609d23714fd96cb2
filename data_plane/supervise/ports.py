"""The addresses that the serving processes of one worker share, reserved against other programs."""

from __future__ import annotations

import socket

from pretzel.data_plane.settings import Settings
from pretzel.errors import PreconditionError
from pretzel.serving.listeners import Address, SocketFile


class SharedAddresses:
    """The addresses of a worker; if several processes share them, it holds them while the processes come and go."""

    def __init__(self, settings: Settings) -> None:
        """Hold the addresses, if there are several processes; a single one binds them itself.

        Raises:
            PreconditionError: another program has one.
        """
        self.port = settings.port
        """Port of the host; 0 if a single process is to pick one."""
        self.further: list[str] = list(map(str, settings.listeners))
        """Further addresses."""
        self.descriptors: dict[str, int] = {}
        """Descriptors of their sockets, which each process inherits: connections that wait outlive a process."""
        self._sockets: list[socket.socket] = []
        self._files: list[SocketFile] = []
        try:
            if settings.workers > 1:
                self.port = self._hold_port(settings.host, settings.port, "port")
                self.further = [self._hold(address, settings.socket_mode) for address in settings.listeners]
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the addresses up."""
        for held in self._sockets:
            held.close()
        for file in self._files:
            file.remove()

    def _hold(self, address: Address, mode: int) -> str:
        if not address.path:
            return str(Address(address.host, self._hold_port(address.host, address.port, "listen")))
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


def hold_port(host: str, port: int, setting: str = "port") -> socket.socket:
    """Bind a port for processes that will share it, and return the socket that reserves it.

    Connections of an earlier worker in TIME_WAIT do not block it; a listener, or another socket that holds the port,
    does.

    Raises:
        PreconditionError: another program has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((host.strip("[]"), port))  # without SO_REUSEPORT, so that a taken port is noticed
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)  # else a second holder could bind it as well
    except OSError as error:
        held.close()
        text = f"cannot listen on {host}:{port}: {error.strerror or error}; choose another {setting}"
        raise PreconditionError(text) from None
    return held
