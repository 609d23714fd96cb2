"""Concatenation of bytes and arrays without the GIL."""

from typing import Any

def joined(parts: list[Any]) -> bytes:
    """Return the parts, bytes or C-contiguous arrays, concatenated in order."""
