"""Reads requests for inference: a subset of protobuf's messages, with the same values."""

from typing import Any

def decoded(message: bytes) -> dict[str, Any] | None: ...
