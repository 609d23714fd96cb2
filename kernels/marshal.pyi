"""Conversions between Python values and slots."""

from typing import Any

def first_unreadable(items: tuple[Any, ...]) -> int:
    """Return the position of the first item that is not a text, None or NaN, or that UTF-8 cannot encode; or -1."""
