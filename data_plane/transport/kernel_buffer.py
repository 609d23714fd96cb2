"""Bytes of a connection that have arrived and are not read: they wait in the kernel."""

from __future__ import annotations

import struct
from typing import Any

try:
    import fcntl
    import termios
except ImportError:  # not on this system
    fcntl = None  # type: ignore[assignment]

_COUNT = struct.Struct("i")
_EMPTY = bytes(_COUNT.size)


def unread_bytes(transport: Any) -> int:
    """Return the number of arrived bytes that were not read yet; 0 if the system does not count them."""
    socket = transport.get_extra_info("socket")
    if fcntl is None or socket is None:
        return 0
    try:
        return int(_COUNT.unpack(fcntl.ioctl(socket.fileno(), termios.FIONREAD, _EMPTY))[0])
    except (OSError, ValueError):  # it is closed
        return 0
