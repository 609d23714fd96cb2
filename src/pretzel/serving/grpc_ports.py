"""The ports and Unix sockets of a grpcio server."""

from __future__ import annotations

import grpc

from pretzel.errors import PreconditionError
from pretzel.serving.listeners import Address, SocketFile
from pretzel.serving.tls import ServerTls


class GrpcPorts:
    """Adds addresses to a server, and removes the files of its Unix sockets."""

    def __init__(self, server: grpc.aio.Server, tls: ServerTls | None, socket_mode: int) -> None:
        """Encrypt ports with ``tls``; Unix sockets are plain, their permissions say who may connect."""
        self._server, self._tls, self._mode = server, tls, socket_mode
        self._files: list[SocketFile] = []

    def add(self, address: Address, setting: str = "listen") -> int:
        """Listen on an address as soon as the server starts, and return its port; 0 for a Unix socket.

        Raises:
            PreconditionError: the address is taken or cannot be used; the message names the setting.
        """
        try:
            if address.path:
                self._add_file(address)
                return 0
            if self._tls:
                return self._server.add_secure_port(str(address), self._tls.grpc_credentials)
            return self._server.add_insecure_port(str(address))
        except RuntimeError:  # gRPC says no more than that it failed
            raise PreconditionError(
                f"cannot listen on {address}: the port is taken, or the address is not one of this machine; "
                f"choose another {setting}{', 0 picks a free one' if setting.endswith('port') else ''}"
            ) from None

    def close(self) -> None:
        """Remove the files of the sockets."""
        for file in self._files:
            file.remove()

    def _add_file(self, address: Address) -> None:
        file = SocketFile(address.path, self._mode)
        with file.binding():
            self._server.add_insecure_port(str(address))
        self._files.append(file)
