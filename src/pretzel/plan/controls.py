"""Control characters in names, labels and reasons, which come from models and servers: a terminal would obey them."""

from __future__ import annotations

import re

# Controls of terminals and of the direction of writing, except line feeds and tabs.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def visible(value: object) -> str:
    """Return a text with escape notation in place of its control characters."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), str(value))


def escaped(document: str) -> str:
    """Return a JSON document with JSON's escape notation in place of its control characters."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
