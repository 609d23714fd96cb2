"""The request of a call: awaited for a limited time, and parsed in pieces on a thread if it is large."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from google.protobuf.message import DecodeError

from pretzel.control_plane.serve.pools import Pool
from pretzel.errors import DeadlineError, InputError
from pretzel.plan.structure import MAX_METADATA, MAX_NODES
from pretzel.plan.wire import read_or_raise
from pretzel.v1 import control_pb2 as pb

AT_ONCE = 1 << 20
"""Bytes that are parsed at once, which takes 10 ms at most: the parser holds the GIL."""
MOST_BYTES = 8 << 20
"""Bytes of a request."""
MOST_BYTES_OF = {"Report": 16 << 20}
MOST_FIELDS = 3 * MAX_NODES
"""Fields of a large request, and of its definition and its sample."""
DEPLOY = "DeployModel"
NESTED = {2: "definition", 3: "sample"}
"""Fields of a deployment that may be large."""
MOST_FIELD = {"definition": MAX_METADATA + (1 << 16)}
"""Bytes of one node, or of one piece of metadata; columns of a sample are bytes, which are parsed fast."""

Read = Callable[[bytes], Any]


class Requests:
    """Reads the one request of each call.  For one event loop."""

    def __init__(self, seconds: float) -> None:
        """Wait that long for a request."""
        self._seconds = seconds
        self._parsing = Pool(1, "parsing")

    async def first(self, messages: AsyncIterator[bytes], method: str, read: Read) -> Any:
        """Return the request of a call, whose other messages are not read.

        Raises:
            DeadlineError: it did not arrive in time.
            InputError: it is too large or malformed, or the call ended without one.
        """
        try:
            async with asyncio.timeout(self._seconds):
                data = await anext(aiter(messages), None)
        except TimeoutError:
            raise DeadlineError(f"request: none arrived in {self._seconds:g} s; send it again, faster") from None
        if data is None:
            raise InputError("request: the call ended without one; send one message")
        return await self._parsed(data, method, read)

    async def _parsed(self, data: bytes, method: str, read: Read) -> Any:
        name = method.rpartition("/")[2]
        if name == DEPLOY and len(data) > AT_ONCE:
            return await self._parsing.run(read_or_raise(parse_deployment), data)
        most = MOST_BYTES_OF.get(name, MOST_BYTES)
        if len(data) > most:
            raise InputError(f"request: {len(data):,} bytes; {name} takes at most {most:,}; send less at a time")
        if len(data) > AT_ONCE:
            return await self._parsing.run(read_or_raise(read), data)
        return read_or_raise(read)(data)


def parse_deployment(data: bytes) -> pb.DeployModelRequest:
    """Parse a deployment in pieces, between which other threads may run.

    Raises:
        DecodeError: it is malformed.
        InputError: it has too many fields, or one that is too large.
    """
    request = pb.DeployModelRequest()
    for number, start, end in fields(memoryview(data)):
        name = NESTED.get(number)
        if name is None:
            _check_size("request", end - start, AT_ONCE)
            request.MergeFromString(data[start:end])
            continue
        into = getattr(request, name)
        into.SetInParent()
        for piece in pieces(memoryview(data)[_payload(data, start) : end], name):
            into.MergeFromString(piece)
    return request


def pieces(data: memoryview, name: str) -> Iterator[bytes]:
    """Yield the fields of a message, several at a time."""
    begun = 0
    for _, start, end in fields(data):
        _check_size(name, end - start, MOST_FIELD.get(name, len(data)))
        if end - begun > AT_ONCE and start > begun:
            yield bytes(data[begun:start])
            begun = start
    yield bytes(data[begun:])


def fields(data: memoryview) -> Iterator[tuple[int, int, int]]:
    """Yield the number, the start and the end of each field of a message.

    Raises:
        DecodeError: it is malformed.
        InputError: it has more than :data:`MOST_FIELDS`.
    """
    at = count = 0
    while at < len(data):
        start, count = at, count + 1
        if count > MOST_FIELDS:
            raise InputError(f"request: more than {MOST_FIELDS:,} fields; send a smaller definition or sample")
        tag, at = _varint(data, at)
        at = _end(data, at, tag & 7)
        yield tag >> 3, start, at


def _end(data: memoryview, at: int, kind: int) -> int:
    """Return the end of a field whose value begins at ``at``."""
    if kind == 0:
        at = _varint(data, at)[1]
    elif kind == 2:
        size, at = _varint(data, at)
        at += size
    elif kind in (1, 5):
        at += 8 if kind == 1 else 4
    else:
        raise DecodeError(f"wire type {kind}")
    if at > len(data):
        raise DecodeError("truncated")
    return at


def _payload(data: bytes, start: int) -> int:
    """Return where the value of a field with a length begins."""
    _, at = _varint(memoryview(data), start)
    return _varint(memoryview(data), at)[1]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return a number, and the position after it."""
    value = 0
    for i in range(10):
        if at + i >= len(data):
            raise DecodeError("truncated")
        byte = data[at + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value, at + i + 1
    raise DecodeError("a number of more than ten bytes")


def _check_size(name: str, size: int, most: int) -> None:
    if size > most:
        raise InputError(f"{name}: a field of {size:,} bytes; at most {most:,} are accepted; shorten it")
