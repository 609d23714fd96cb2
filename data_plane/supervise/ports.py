"""A port that the serving processes of one worker share, held against everyone else."""

from __future__ import annotations

import socket

from pretzel.errors import PreconditionError


def hold_port(host: str, port: int) -> socket.socket:
    """Take a port for processes that will share it, and return the socket that keeps it theirs.

    Connections of an earlier worker that are still in TIME_WAIT do not stand in the way; a listener, and another
    socket that holds the port, do.

    Raises:
        PreconditionError: another program has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((host.strip("[]"), port))  # without SO_REUSEPORT: so that a port that is taken is noticed
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)  # else a second holder could bind beside this one
    except OSError as error:
        held.close()
        raise PreconditionError(f"cannot listen on {host}:{port}: {error}") from None
    return held
