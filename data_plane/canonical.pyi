"""Reads what :func:`pretzel.plan.encoding.encode` wrote, in a fifth of the time of the decoder in Python."""

from typing import Any

def decode(data: bytes | memoryview) -> Any: ...
