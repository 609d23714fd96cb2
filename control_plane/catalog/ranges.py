"""Names with a prefix as a range of an index."""

from __future__ import annotations

import sys

from sqlalchemy import ColumnElement, and_, false


def near(prefix: str, name: ColumnElement[str]) -> ColumnElement[bool]:
    """Return a condition that holds for names that start with ``prefix``, and few others.

    SQLite's LIKE ignores the case of ASCII letters and scans every row.  Keys are in order of code points, in every
    database, so the names with a prefix are a range of an index.
    """
    if "\0" in prefix:  # no name has it, and PostgreSQL takes no text with it
        return false()
    end = after(prefix)
    return and_(name >= prefix, name < end) if end else name >= prefix


def beyond(last: str, name: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a name follows another text by code points."""
    return name > last.partition("\0")[0]  # no name is between the text up to NUL and the whole one


def after(prefix: str) -> str:
    """Return the least text above all that start with ``prefix``, by code points; empty if none exists."""
    stem = prefix.rstrip(chr(sys.maxunicode))
    if not stem:
        return ""
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if 0xD800 <= following < 0xE000 else following)  # surrogates have no UTF-8 encoding
