"""Reads requests for predictions: a subset of protobuf's messages, with the same values."""

from typing import Any

def decoded(method: str, message: bytes) -> dict[str, Any] | None: ...
