"""Names with a prefix as a range of an index."""

from __future__ import annotations

import sys

from sqlalchemy import ColumnElement, and_


def near(dialect: str, prefix: str, name: ColumnElement[str]) -> ColumnElement[bool]:
    """Return a condition that holds for names that start with ``prefix``, and few others.

    SQLite's LIKE ignores the case of ASCII letters and scans every row.  Its keys are in order of code points, so the
    names with a prefix are a range of an index.  Other databases may collate names by the rules of a language.
    """
    end = after(prefix)
    if dialect != "sqlite":
        return name.startswith(prefix, autoescape=True)
    return and_(name >= prefix, name < end) if end else name >= prefix


def after(prefix: str) -> str:
    """Return the least text above all that start with ``prefix``, by code points; empty if none exists."""
    stem = prefix.rstrip(chr(sys.maxunicode))
    if not stem:
        return ""
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if 0xD800 <= following < 0xE000 else following)  # surrogates have no UTF-8 encoding
