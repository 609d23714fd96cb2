"""Length-prefixed messages of gRPC: cut out of DATA frames, decompressed, and framed for the response."""

from __future__ import annotations

import zlib
from gzip import compress as gzip_bytes
from typing import NoReturn

import grpc

from pretzel.data_plane.transport.assembly import Assembly
from pretzel.data_plane.transport.head import IDENTITY, Rejection

PREFIX = 5
"""Bytes before each message: a flag and a length of four bytes, big-endian."""
_WBITS = {b"gzip": 31, b"deflate": 15}
GZIP_FROM = 1024
"""Bytes from which a response is compressed; smaller ones gain nothing."""
PARTED = 256 << 10
"""Bytes from which a response is handed to the engine piece by piece, which would copy a whole one."""
_LEVEL = 1
LARGE = 64 << 10
"""Bytes from which an incomplete message is assembled where it stays; a smaller one is copied once more."""
INLINE = 128 << 10
"""Bytes that one event may decompress on the event loop, in less than a millisecond."""


class Packed(bytes):
    """A message that is still compressed."""


class Deframer:
    """Cuts the messages of one call out of its DATA, wherever the frames are cut."""

    __slots__ = ("_buffer", "_encoding", "_flag", "_large", "_most", "_need", "_room")

    def __init__(self, encoding: bytes, most: int) -> None:
        self._encoding, self._most = encoding, most
        self._buffer = bytearray()  # and no list of pieces: DATA frames of one byte would each take many
        self._need = PREFIX
        self._large: Assembly | None = None
        self._flag = 0

    @property
    def held(self) -> int:
        """Bytes of an incomplete message."""
        return len(self._buffer) if self._large is None else PREFIX + self._large.held

    def clear(self) -> None:
        """Drop an incomplete message."""
        self._buffer, self._need, self._large = bytearray(), PREFIX, None

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that ``data`` completes; those that take long to decompress are :class:`Packed`.

        Raises:
            Rejection: a message is too large, or its compression is invalid.
        """
        self._room = INLINE
        if self._large is None:
            return self._read(data)
        used = self._large.add(data)
        if self._large.missing:
            return []
        body, self._large = self._large.take(), None
        return [self._message(self._flag, body), *self._read(data[used:])]

    def _read(self, data: bytes) -> list[bytes]:
        received: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._need:
                return []
            received, self._buffer = self._buffer, bytearray()
        messages, used = self._cut(memoryview(received))
        self._buffer += memoryview(received)[used:]
        return messages

    def _cut(self, data: memoryview) -> tuple[list[bytes], int]:
        """Return the whole messages in ``data``, and the bytes that they take."""
        messages, at = [], 0
        self._need = PREFIX
        while len(data) - at >= PREFIX:
            length = int.from_bytes(data[at + 1 : at + PREFIX], "big")
            if length > self._most:
                self._refuse(length)
            if len(data) - at < PREFIX + length:
                self._need = PREFIX + length
                if length >= LARGE:
                    at = self._assemble(data, at, length)
                break
            messages.append(self._message(data[at], bytes(data[at + PREFIX : at + PREFIX + length])))
            at += PREFIX + length
        return messages, at

    def _assemble(self, data: memoryview, at: int, length: int) -> int:
        """Begin to assemble a large message; return where its received part ends."""
        self._flag, self._need, self._large = data[at], PREFIX, Assembly(length)
        self._large.add(data[at + PREFIX :])
        return len(data)

    def _message(self, flag: int, body: bytes) -> bytes:
        if flag == 0:
            return body
        if flag != 1 or self._encoding == IDENTITY:
            raise Rejection(
                grpc.StatusCode.INTERNAL, f"message flag {flag} without compression: expected 0, or 1 and grpc-encoding"
            )
        message = self._unpacked(body, self._room)
        self._room -= self._room if message is None else len(message)
        return Packed(body) if message is None else message

    def unpack(self, packed: Packed) -> bytes:
        """Return a message decompressed.  For any thread.

        Raises:
            Rejection: it is too large, or its compression is invalid.
        """
        message = self._unpacked(packed, self._most)
        assert message is not None
        return message

    def _unpacked(self, body: bytes, room: int) -> bytes | None:
        """Return a message decompressed; None if it takes more than ``room``."""
        if not body:
            return body
        if len(body) > room:
            return None
        unpacker = zlib.decompressobj(_WBITS[self._encoding])
        try:
            message = unpacker.decompress(body, min(room, self._most) + 1)  # a small message may unpack to any size
        except zlib.error as error:
            name = self._encoding.decode()
            raise Rejection(grpc.StatusCode.INTERNAL, f"the message is not valid {name} ({error})") from None
        if len(message) > self._most:
            self._refuse(len(message))
        if len(message) > room:
            return None
        if not unpacker.eof or unpacker.unused_data:
            fault = "is followed by other bytes" if unpacker.eof else "is cut off"
            raise Rejection(grpc.StatusCode.INTERNAL, f"the {self._encoding.decode()} message {fault}")
        return message

    def _refuse(self, length: int) -> NoReturn:
        raise Rejection(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"the message takes at least {length} bytes, {self._most} allowed (max_message_bytes); send fewer rows",
        )


def is_one_message(data: bytes, most: int) -> bool:
    """Return whether ``data`` is exactly one uncompressed message of at most ``most`` bytes, as nearly always."""
    length = len(data) - PREFIX
    return 0 <= length <= most and data[0] == 0 and length == int.from_bytes(data[1:PREFIX], "big")


def framed(message: bytes, *, gzip: bool) -> tuple[bytes, ...]:
    """Return a message with its prefix, in two parts if it is so large that it is sent piece by piece."""
    if gzip and len(message) >= GZIP_FROM:
        return (compressed(message),)
    prefix = b"\0" + len(message).to_bytes(4, "big")
    return (prefix, message) if len(message) >= PARTED else (prefix + message,)


def compressed(message: bytes) -> bytes:
    """Return a message compressed by gzip, with its prefix."""
    body = gzip_bytes(message, _LEVEL, mtime=0)
    return b"\1" + len(body).to_bytes(4, "big") + body
