"""The life of a connection: ends silent, dead, stalled and old ones, each without losing a call."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import grpc

from pretzel.data_plane.transport import http2

if TYPE_CHECKING:
    from pretzel.data_plane.transport.connection import Connection

ROUND_TRIP_SECONDS = 1.0
"""Time after the notice of a shutdown in which calls that crossed it arrive, if the peer does not answer its PING."""
JITTER = 0.1
"""Part by which ages differ, so that clients that connected together do not reconnect together."""
STALLED = "nothing moved on this call for a while; read its responses, or send the rest of its message"
_NOTICE_PING, _KEEPALIVE_PING = b"draining", b"areyouup"


class Life:
    """The ages and deadlines of one connection."""

    def __init__(self, connection: Connection, now: float) -> None:
        self._connection, self._limits = connection, connection.limits
        self._opened = self._busy = now
        self._age = self._limits.age_seconds * random.uniform(1 - JITTER, 1 + JITTER)
        self._unread = 0, now
        self._pinged = self._notified = self._refused = 0.0

    def tick(self, now: float) -> None:
        """End what is due."""
        self._busy = now if self._connection.calls else max(self._busy, self._connection.called)
        if self._is_dead(now) or self._is_stuck(now):
            self._connection.abort()
            return
        self._end_stalled(now)
        if self._notified:
            self._continue_drain(now)
        elif now - self._busy > self._limits.idle_seconds or now - self._opened > self._age:
            self.start_drain(now)

    def _is_dead(self, now: float) -> bool:
        """Return whether the peer never greeted, or does not answer a PING; send one when it is silent."""
        connection, limits = self._connection, self._limits
        if not connection.greeted:
            return now - self._opened > limits.handshake_seconds
        if now - connection.heard <= limits.keepalive_seconds:
            self._pinged = 0.0
        elif not self._pinged:
            self._pinged = now
            connection.ping(_KEEPALIVE_PING)
        return bool(self._pinged) and now - self._pinged > limits.keepalive_timeout

    def _is_stuck(self, now: float) -> bool:
        """Return whether the peer has read nothing for long, though the socket's buffer is full."""
        unread = self._connection.transport.get_write_buffer_size()
        if not unread or unread != self._unread[0]:
            self._unread = unread, now
        return now - self._unread[1] > self._limits.stall_seconds

    def _end_stalled(self, now: float) -> None:
        for call in list(self._connection.calls.values()):
            if call.is_stalled(now):
                if call.finished:
                    self._connection.reset(call.stream_id, http2.CANCEL)
                else:
                    call.stop(grpc.StatusCode.DEADLINE_EXCEEDED, STALLED)

    # Shutdown: a notice that refuses nothing, then after a round trip the GOAWAY that does, then the last calls

    def start_drain(self, now: float) -> None:
        """Ask the client to open no further calls here; those that it has sent already are served."""
        if not self._notified:
            self._notified = now
            self._connection.notify(_NOTICE_PING)

    @property
    def is_drained(self) -> bool:
        """Return whether the client knows that it must open no further calls here."""
        return bool(self._refused)

    def on_pong(self, data: bytes) -> None:
        """Refuse new calls once the client has the notice."""
        if data == _NOTICE_PING:
            self._refuse(time.monotonic())

    def _refuse(self, now: float) -> None:
        if not self._refused:
            self._refused = now
            self._connection.refuse_new_calls()
            for call in list(self._connection.calls.values()):
                call.drain()

    def _continue_drain(self, now: float) -> None:
        if now - self._notified > ROUND_TRIP_SECONDS:
            self._refuse(now)
        if self._refused and not self._connection.is_busy and now - self._refused > ROUND_TRIP_SECONDS:
            self._connection.close()
        elif now - self._notified > self._limits.age_grace_seconds:
            self._connection.close()
