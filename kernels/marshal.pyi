"""Where Python's values become slots and slots become Python's values."""

from typing import Any

def first_unreadable(items: tuple[Any, ...]) -> int:
    """Return the position of the first item that is neither a text, None nor NaN, or that UTF-8 cannot carry; or -1."""
