"""Bytes and arrays back to back, copied without the GIL."""

from typing import Any

def joined(parts: list[Any]) -> bytes:
    """Return one bytes of all parts in order, each of them bytes or a C-contiguous array."""
