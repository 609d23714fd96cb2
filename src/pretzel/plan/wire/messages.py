"""Parse whole messages; report unparsable bytes as an error of the caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from pretzel.errors import InputError

Read = Callable[[bytes], Any]


def read_or_raise(read: Read) -> Read:
    """Wrap ``read`` to raise InputError if the bytes cannot be parsed."""

    def checked(data: bytes) -> Any:
        try:
            return read(data)
        except DecodeError as error:
            raise InputError(f"cannot parse the request: {error}") from None

    return checked


def read_or_error(read: Read) -> Read:
    """Wrap ``read`` to return an InputError if the bytes cannot be parsed.

    gRPC parses the message of a unary call before any handler runs, so that no handler could map an exception.
    """
    checked = read_or_raise(read)

    def guarded(data: bytes) -> Any:
        try:
            return checked(data)
        except InputError as error:
            return error

    return guarded
