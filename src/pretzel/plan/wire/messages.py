"""Whole messages as they come in: bytes that are no message are the caller's mistake, and told so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from pretzel.errors import InputError

Read = Callable[[bytes], Any]


def read_or_raise(read: Read) -> Read:
    """Return ``read``, but raising InputError where the bytes are no message."""

    def checked(data: bytes) -> Any:
        try:
            return read(data)
        except DecodeError as error:
            raise InputError(f"the request is no message of this call: {error}") from None

    return checked


def read_or_error(read: Read) -> Read:
    """Return ``read``, but returning an InputError where the bytes are no message.

    gRPC reads the one message of a unary call before any handler runs, and answers what is raised there by itself.
    """
    checked = read_or_raise(read)

    def kept(data: bytes) -> Any:
        try:
            return checked(data)
        except InputError as error:
            return error

    return kept
