"""Calls of any method by its path, and of any route."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from typing import Any

import grpc

from tests.identity.servers import SECONDS


def about(kind: Any, model: str) -> bytes:
    """A request about a model that is not there."""
    fields = kind.DESCRIPTOR.fields_by_name
    if "request" in fields:
        return bytes(kind(request={"model": model}).SerializeToString())
    name = next((field for field in ("model", "model_name", "name", "models", "prefix") if field in fields), None)
    if name is None or "Memory" in kind.DESCRIPTOR.name:
        return b""
    return bytes(kind(**{name: [model] if name == "models" else model}).SerializeToString())


def status(channel: grpc.Channel, path: str, message: bytes, fields: list[tuple[str, str]]) -> tuple[Any, str]:
    """Call any method as a stream; return the status of the first answer, and its message or the answer."""
    sent = iter([]) if path.endswith("UploadObjects") else iter([message])
    call: Any = channel.stream_stream(path)(sent, metadata=fields, timeout=SECONDS)
    try:
        answer = next(call, b"")
        return grpc.StatusCode.OK, answer.decode("latin-1")
    except grpc.RpcError as error:
        return error.code(), error.details() or ""  # type: ignore[attr-defined]
    finally:
        call.cancel()


def fetched(url: str, method: str, fields: list[tuple[str, str]]) -> tuple[int, str]:
    body = b"{}" if method == "POST" else None
    headers = {"content-type": "application/json", **dict(fields)}
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def until(
    channel: grpc.Channel, path: str, message: bytes, fields: list[tuple[str, str]], code: grpc.StatusCode
) -> None:
    """Repeat a call until it has this status, for a bounded time."""
    end = time.monotonic() + SECONDS
    while (found := status(channel, path, message, fields))[0] is not code:
        assert time.monotonic() < end, found
