"""A client of raw HTTP/2: requests by libnghttp2, frames made here, and bytes cut anywhere."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import ngh2

from tests.data_plane.transport.echo import path
from tests.data_plane.transport.waits import SECONDS, until

Fields = tuple[tuple[bytes, bytes], ...]
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, PADDED, ACK = 1, 4, 8, 1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def padded(stream: int, data: bytes, padding: int, flags: int = 0) -> bytes:
    return frame(DATA, PADDED | flags, stream, bytes([padding]) + data + bytes(padding))


def message(body: bytes, flag: int = 0) -> bytes:
    """Return a message with the prefix of gRPC."""
    return struct.pack(">BI", flag, len(body)) + body


def request(name: str, /, *more: tuple[bytes, bytes], **changed: bytes | None) -> Fields:
    """Return the fields of a call; ``changed`` replaces pseudo-headers and the content type, None drops one."""
    fields: dict[bytes, bytes | None] = {
        b":method": b"POST",
        b":scheme": b"http",
        b":path": path(name).encode(),
        b":authority": b"test",
        b"content-type": b"application/grpc",
    }
    keys = {key.strip(b":").replace(b"-", b"_").decode(): key for key in fields}
    fields |= {keys[key]: value for key, value in changed.items()}
    kept = tuple((key, value) for key, value in fields.items() if value is not None)
    return (*kept, (b"te", b"trailers"), *more)


@dataclass
class Answer:
    """The parts of a response that have arrived."""

    headers: Fields = ()
    data: bytearray = field(default_factory=bytearray)
    trailers: Fields = ()
    reset: int | None = None
    closed: bool = False

    def __getitem__(self, name: bytes) -> bytes | None:
        return dict((*self.headers, *self.trailers)).get(name)

    @property
    def status(self) -> int | None:
        """The status of gRPC, None before it is known."""
        value = self[b"grpc-status"]
        return None if value is None else int(value)

    @property
    def text(self) -> str:
        return (self[b"grpc-message"] or b"").decode()


@dataclass
class Goodbye:
    """The GOAWAY frames of the server."""

    codes: list[int] = field(default_factory=list)
    last: int | None = None


class Peer:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, engine: ngh2.Connection) -> None:
        self.reader, self.writer, self.engine = reader, writer, engine
        self.answers: dict[int, Answer] = {}
        self.goodbye, self.pongs, self.closed, self.acknowledges = Goodbye(), 0, False, True

    @classmethod
    @asynccontextmanager
    async def connected(
        cls, port: int, settings: dict[int, int] | None = None, **options: object
    ) -> AsyncIterator[Peer]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        configuration = ngh2.Configuration(stream_reset_rate_limit=(1 << 30, 1 << 30), **options)
        peer = cls(reader, writer, ngh2.Connection(ngh2.Role.CLIENT, configuration))
        peer.engine.initiate_connection(settings or {})
        try:
            peer.flush()
            yield peer
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    # Sending

    def open(self, fields: Fields, body: bytes | None = None, *, end: bool = True) -> int:
        """Queue a request, and return its stream."""
        stream = self.engine.send_request(fields, end_stream=body is None and end)
        if body is not None:
            self.engine.send_data(stream, body, end_stream=end)
        self.answers[stream] = Answer()
        return stream

    def queued(self) -> bytes:
        """Return what the engine wants to send."""
        return self.engine.data_to_send()

    def flush(self) -> None:
        self.send(self.queued())

    def send(self, data: bytes) -> None:
        """Send bytes past the engine."""
        if data and not self.writer.is_closing():
            self.writer.write(data)

    async def send_cut(self, data: bytes, cuts: Iterable[int]) -> None:
        """Send bytes in pieces that the server's loop reads one by one."""
        self.writer.get_extra_info("socket").setsockopt(6, 1, 1)  # TCP_NODELAY
        at = 0
        for cut in (*cuts, len(data)):
            self.send(data[at:cut])
            at = cut
            for _ in range(4):
                await asyncio.sleep(0)

    # Receiving

    async def read(self) -> None:
        """Process bytes of the server; note its end."""
        try:
            data = await self.reader.read(1 << 18)
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return
        with suppress(ngh2.NGH2Error):
            self.engine.receive_data(data)
        for event in self.engine.events():
            self._on(event)
        if self.acknowledges:
            with suppress(ngh2.NGH2Error):
                self.flush()

    async def until(self, condition: Callable[[], object], seconds: float = SECONDS) -> None:
        """Read until a condition holds, or the connection is closed."""
        async with asyncio.timeout(seconds):
            while not condition() and not self.closed:
                await self.read()

    async def read_until(self, condition: Callable[[], object]) -> None:
        """Read until something holds at the server, which needs this peer to read."""
        reading = asyncio.create_task(self.until(lambda: False, 2 * SECONDS))
        try:
            await until(condition)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def stop_reading(self) -> None:
        """Leave everything to the buffers of the sockets."""
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def answer(self, stream: int, seconds: float = SECONDS) -> Answer:
        """Return a whole answer."""
        self.flush()
        await self.until(lambda: self.answers[stream].closed, seconds)
        return self.answers[stream]

    async def status(self, stream: int, seconds: float = SECONDS) -> Answer:
        """Return an answer as soon as it has a status, or ends without one."""
        self.flush()
        await self.until(lambda: self.answers[stream].status is not None or self.answers[stream].closed, seconds)
        return self.answers[stream]

    async def call(self, fields: Fields, body: bytes | None = None) -> Answer:
        """Send a whole request, and return the answer."""
        return await self.answer(self.open(fields, body))

    async def is_served(self) -> bool:
        """Return whether another call of this connection is answered."""
        answer = await self.call(request("Unary"), message(b"still here"))
        return answer.data == message(b"still here") and answer.status == 0

    def _on(self, event: ngh2.Event) -> None:
        match event:
            case ngh2.ResponseReceived(stream, fields):
                self.answers[stream].headers = fields
            case ngh2.TrailersReceived(stream, fields):
                self.answers[stream].trailers = fields
            case ngh2.DataReceived(stream, data):
                self.answers[stream].data += data
            case ngh2.StreamReset(stream, code):
                self.answers.setdefault(stream, Answer()).reset = code
            case ngh2.StreamClosed(stream):
                self.answers.setdefault(stream, Answer()).closed = True
            case ngh2.PingAcknowledged():
                self.pongs += 1
            case ngh2.GoAwayReceived(last, code):
                self.goodbye.codes.append(code)
                self.goodbye.last = last
