"""The port that the serving processes of one worker share, reserved against other programs."""

from __future__ import annotations

import socket

from pretzel.errors import PreconditionError


def hold_port(host: str, port: int) -> socket.socket:
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
        raise PreconditionError(f"cannot listen on {host}:{port}: {error}") from None
    return held
