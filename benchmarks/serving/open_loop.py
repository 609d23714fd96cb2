"""An open loop of unary gRPC calls: arrivals are random and wait for nothing, latency counts from the arrival.

It writes and reads HTTP/2 frames itself, 2 to 3 us per call, so that one core offers several times what a server
process answers.  A stream that ends without DATA was refused; nothing else is read from the answers.
"""

from __future__ import annotations

import random
import select
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
MAX_STREAMS, INITIAL_WINDOW = 3, 4
WINDOW = (1 << 31) - 1
HEAD = struct.Struct(">HBBBI")
READ = 1 << 18
UNSENT = 1 << 16
"""Bytes that the socket did not take, from which calls wait in the client."""


@dataclass
class Outcome:
    """The ends of the calls that arrived in a run."""

    seconds: float
    arrived: int = 0
    taken: list[float] = field(default_factory=list)
    """Seconds from arrival to answer."""
    refused: list[float] = field(default_factory=list)
    """The same of refusals."""
    expired: int = 0
    """Calls whose deadline passed before the client could send them, or that had no end at the end of the run."""
    by_channel: Counter[int] = field(default_factory=Counter)
    """Answers of each connection."""

    @property
    def fairness(self) -> float:
        """Return the answers of the connection that got the fewest, as a part of those that got the most."""
        return min(self.by_channel.values()) / max(self.by_channel.values()) if self.by_channel else float("nan")

    def goodput(self, within: float) -> float:
        """Return the answers within so many seconds, per second."""
        return sum(taken <= within for taken in self.taken) / self.seconds

    def quantile(self, part: float) -> float:
        """Return this quantile of the seconds of answers."""
        return float(np.quantile(self.taken, part)) if self.taken else float("nan")


class Channel:
    """One connection, with the calls that are open on it and those that wait for a stream."""

    def __init__(self, port: int, path: str, message: bytes, timeout: str = "") -> None:
        """Connect; ``timeout`` is the deadline that calls carry, as gRPC writes it."""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.most, self.next, self.unsent, self.unread = 100, 1, b"", b""
        self.open: dict[int, float] = {}
        self.waiting: deque[float] = deque()
        self._answered: set[int] = set()
        fields = [(0x04, path), (0x01, "localhost"), (0x1F, "application/grpc"), ("te", "trailers")]
        if timeout:
            fields.append(("grpc-timeout", timeout))
        block = b"\x83\x86" + b"".join(_entering(name, value) for name, value in fields)
        self._first = _frame_start(HEADERS, END_HEADERS, block), block
        block = b"\x83\x86" + bytes(0xBE + i for i in reversed(range(len(fields))))  # those that entered the table
        self._block = _frame_start(HEADERS, END_HEADERS, block), block
        body = b"\0" + len(message).to_bytes(4, "big") + message
        self._body = _frame_start(DATA, END_STREAM, body), body
        settings = struct.pack(">HI", INITIAL_WINDOW, WINDOW)
        self.unsent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(SETTINGS, 0, 0, settings)
        self.unsent += _frame(8, 0, 0, struct.pack(">I", WINDOW - 65535))
        self.socket.setblocking(False)

    def send(self, deadline: float) -> int:
        """Send the calls for which there are streams; return the number of those whose deadline passed."""
        parts, expired, now, waiting = [self.unsent], 0, time.monotonic(), self.waiting
        while waiting and len(self.open) < self.most and len(self.unsent) < UNSENT:
            arrival = waiting.popleft()
            if now - arrival > deadline:
                expired += 1
                continue
            stream = self.next.to_bytes(4, "big")
            start, block = self._block if self.next > 1 else self._first
            parts += (start, stream, block, self._body[0], stream, self._body[1])
            self.open[self.next] = arrival
            self.next += 2
        self.unsent = b"".join(parts)
        if self.unsent:
            try:
                self.unsent = self.unsent[self.socket.send(self.unsent) :]
            except BlockingIOError:
                pass
        return expired

    def receive(self, outcome: Outcome) -> None:
        """Read what has come, and count the calls that ended."""
        data = self.socket.recv(READ)
        if not data:
            raise ConnectionError("the server closed a connection")
        now, at = time.monotonic(), 0
        data = self.unread + data if self.unread else data
        size, read, answered = len(data), HEAD.unpack_from, self._answered
        while size - at >= 9:
            high, low, kind, flags, stream = read(data, at)
            end = at + 9 + (high << 8 | low)
            if end > size:
                break
            if kind == DATA:
                answered.add(stream)
            elif kind == HEADERS:
                if flags & END_STREAM:
                    self._end(stream, now, outcome)
            else:
                self._control(kind, flags, stream, data[at + 9 : end], now, outcome)
            at = end
        self.unread = data[at:]

    def _end(self, stream: int, now: float, outcome: Outcome) -> None:
        seconds = now - self.open.pop(stream)
        if stream in self._answered:
            self._answered.discard(stream)
            outcome.taken.append(seconds)
            outcome.by_channel[id(self)] += 1
        else:
            outcome.refused.append(seconds)

    def _control(self, kind: int, flags: int, stream: int, body: bytes, now: float, outcome: Outcome) -> None:
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(body), 6):
                name, value = struct.unpack_from(">HI", body, at)
                if name == MAX_STREAMS:
                    self.most = value
            self.unsent += _frame(SETTINGS, ACK, 0, b"")
        elif kind == PING and not flags & ACK:
            self.unsent += _frame(PING, ACK, 0, body)
        elif kind == RESET and stream in self.open:
            self._end(stream, now, outcome)
        elif kind == GOAWAY:
            raise ConnectionError("the server drains")


class Load:
    """Connections to one method of a server."""

    def __init__(self, port: int, path: str, message: bytes, connections: int, timeout: str = "") -> None:
        self._channels = [Channel(port, path, message, timeout) for _ in range(connections)]
        self._poll = select.epoll()
        self._by_fd = {channel.socket.fileno(): channel for channel in self._channels}
        for descriptor in self._by_fd:
            self._poll.register(descriptor, select.EPOLLIN)
        self._turn = 0

    def capacity(self, seconds: float, calls: int) -> Outcome:
        """Keep so many calls open, each followed by the next."""
        outcome, end = Outcome(seconds), time.monotonic() + seconds
        used = self._channels[:calls]
        for i, channel in enumerate(used):
            self._call(channel, (calls - i - 1) // len(used) + 1, outcome)
        per = {channel: len(channel.open) + len(channel.waiting) for channel in used}
        while time.monotonic() < end:
            for channel in self._read(0.01, outcome):
                self._call(channel, max(0, per.get(channel, 0) - len(channel.open) - len(channel.waiting)), outcome)
        self.finish(Outcome(0))
        return outcome

    def _call(self, channel: Channel, calls: int, outcome: Outcome) -> None:
        outcome.arrived += calls
        channel.waiting.extend([time.monotonic()] * calls)
        channel.send(60)

    def offer(self, rate: float, seconds: float, deadline: float, seed: int = 1) -> Outcome:
        """Let calls arrive at this rate; those that cannot be sent within the deadline are dropped."""
        outcome, draw, begun = Outcome(seconds), random.Random(seed), time.monotonic()
        outcome.by_channel.update({id(channel): 0 for channel in self._channels})
        at = begun + draw.expovariate(rate)
        while (now := time.monotonic()) < begun + seconds:
            due = set()
            while at <= now:
                channel = self._channels[self._turn]
                self._turn = (self._turn + 1) % len(self._channels)
                channel.waiting.append(at)
                due.add(channel)
                outcome.arrived += 1
                at += draw.expovariate(rate)
            for channel in due:
                outcome.expired += channel.send(deadline)
            list(self._read(max(0.0002, at - time.monotonic()), outcome, deadline))
        self.finish(outcome)
        return outcome

    def finish(self, outcome: Outcome) -> None:
        """Wait for the calls that are open, and drop those that wait."""
        end = time.monotonic() + 5
        for channel in self._channels:
            outcome.expired += len(channel.waiting)
            channel.waiting.clear()
        while any(channel.open for channel in self._channels) and time.monotonic() < end:
            list(self._read(0.05, outcome))
        outcome.expired += sum(len(channel.open) for channel in self._channels)

    def _read(self, timeout: float, outcome: Outcome, deadline: float = 60) -> Iterator[Channel]:
        """Read what has come, and yield each connection that was read."""
        for descriptor, _ in self._poll.poll(timeout, 4096):
            channel = self._by_fd[descriptor]
            channel.receive(outcome)
            if channel.waiting or channel.unsent:
                outcome.expired += channel.send(deadline)
            yield channel

    def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            channel.socket.close()
        self._poll.close()


def _frame_start(kind: int, flags: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "big") + bytes([kind, flags])


def _frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return _frame_start(kind, flags, body) + stream.to_bytes(4, "big") + body


def _entering(name: int | str, value: str) -> bytes:
    """Return a field that enters the table of the compression; a number is the index of its name."""
    head = bytes([0x40 | name]) if isinstance(name, int) else b"\x40" + bytes([len(name)]) + name.encode()
    return head + bytes([len(value)]) + value.encode()
