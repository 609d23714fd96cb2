"""The HTTP/2 engine: libnghttp2 through the `ngh2` package.  Only this file of the servers knows that package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pretzel.data_plane.transport.limits import Limits

try:
    import ngh2
except ImportError:
    ngh2 = None  # type: ignore[assignment]

if TYPE_CHECKING or ngh2 is not None:
    from ngh2 import (
        Connection,
        ConnectionClosed,
        DataReceived,
        NGH2Error,
        PingAcknowledged,
        RequestReceived,
        SettingsReceived,
        StreamClosed,
        TrailersReceived,
    )

    __all__ = [
        "CANCEL",
        "NO_ERROR",
        "REFUSED_STREAM",
        "Connection",
        "ConnectionClosed",
        "DataReceived",
        "NGH2Error",
        "PingAcknowledged",
        "RequestReceived",
        "SettingsReceived",
        "StreamClosed",
        "TrailersReceived",
        "is_available",
        "new_connection",
    ]

NO_ERROR, REFUSED_STREAM, CANCEL = 0x0, 0x7, 0x8
_MAX_STREAMS, _INITIAL_WINDOW, _MAX_FRAME, _MAX_HEADER_LIST = 0x3, 0x4, 0x5, 0x6
_FRAME_BYTES = 1 << 16  # four times the default: a large message takes half of the time, for each frame is an event
_HEADER_SLACK = 16
"""Factor between the header list that a call may have and the one that ends the connection.

The package keeps fields until their list is complete, and its connection is unusable once a list is too large; so this
bounds the memory of a connection, and lists below it end no more than their call.
"""
_FIELD_BYTES = 64
"""Bytes of a list for each field that it may have: an empty field takes about 140 bytes of Python objects."""
_FRAMES_PER_HEADER = 32
_SENT_HEADERS = 1 << 20
"""Most bytes of a header list that is sent; beyond that, the engine resets the stream instead."""


def is_available() -> bool:
    """Return whether the `ngh2` package is installed."""
    return ngh2 is not None


def new_connection(limits: Limits) -> Connection:
    """Return the server's side of a new connection, with its first SETTINGS queued.

    libnghttp2 itself bounds SETTINGS, CONTINUATION, RST_STREAM and PING frames, and ends a connection beyond that.
    """
    connection = Connection(
        ngh2.Role.SERVER,
        ngh2.Configuration(
            auto_window_update=False,  # consumed bytes are acknowledged, so that an unread stream stops its sender
            max_send_header_block_length=_SENT_HEADERS,
            max_inbound_header_list_size=_HEADER_SLACK * limits.header_bytes,
            max_inbound_header_count=_HEADER_SLACK * limits.header_bytes // _FIELD_BYTES,
            max_continuations=_FRAMES_PER_HEADER,
        ),
    )
    connection.initiate_connection(
        {
            _MAX_STREAMS: limits.streams,
            _INITIAL_WINDOW: limits.stream_window,
            _MAX_FRAME: _FRAME_BYTES,
            _MAX_HEADER_LIST: limits.header_bytes,
        }
    )
    connection.set_local_window_size(limits.connection_window)
    return connection
