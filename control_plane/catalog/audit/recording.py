"""Writes records of changes, in the transaction of the change; the log has them after its commit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection, func, insert, select

from pretzel.control_plane.catalog.audit.origin import ORIGIN, SYSTEM, Origin
from pretzel.control_plane.catalog.tables import audit, audit_floor

OK = "OK"
"""Code of changes that were made."""
MOST_ENTRIES = 32
"""Entries of one side of a change that are kept."""
MOST_VALUE = 200
"""Characters of a value that are kept."""
MOST_MESSAGE = 1000
"""Characters of a message that are kept."""
_LAST = select(
    select(func.max(audit.c.id)).scalar_subquery().label("last"),
    select(audit_floor.c.first).scalar_subquery().label("floor"),
)
_INSERT = insert(audit)
_pending: ContextVar[list[dict[str, Any]] | None] = ContextVar("pretzel_audit_pending", default=None)
_log = structlog.get_logger(part="audit")


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what it was, before and after.  Only entries that differ are of interest."""

    model: str = ""
    """The model; empty for changes of no single model."""
    version: int = 0
    before: Mapping[str, object] = field(default_factory=dict)
    """Short values by a name for people, such as ``alias stable``: never a secret, never a parameter."""
    after: Mapping[str, object] = field(default_factory=dict)


def record(connection: Connection, *changes: Change, method: str = "") -> None:
    """Record changes in the write transaction that makes them.

    Who makes them, by which method and from where is in :data:`ORIGIN`.

    Args:
        connection: the write transaction.
        changes: the changes.
        method: name of the server's own work, where no call is its origin.
    """
    origin = ORIGIN.get() or Origin(method, SYSTEM)
    add(connection, origin, [_of_change(change) for change in changes])


def add(connection: Connection, origin: Origin, entries: list[dict[str, Any]]) -> None:
    """Add records of an origin; the other columns of each are in ``entries``."""
    if not entries:
        return
    first, now = _next(connection), time.time()
    who = {
        "at": now,
        "identity": origin.identity,
        "subject": origin.subject,
        "method": origin.method,
        "peer": origin.peer,
        "request_id": origin.request_id,
    }
    rows = [_storable({"id": number, **who, **entry}) for number, entry in enumerate(entries, first)]
    connection.execute(_INSERT, rows)
    pending = _pending.get()
    if pending is not None:
        pending += rows


@contextmanager
def announcing(log: bool) -> Iterator[None]:
    """Note, and with ``log`` log, the records of a transaction, which is the block, once it is committed."""
    pending: list[dict[str, Any]] = []
    token = _pending.set(pending)
    try:
        yield
    finally:
        _pending.reset(token)
    origin = ORIGIN.get()
    if origin is not None and any(row["code"] == OK for row in pending):
        origin.recorded = True
    for row in pending if log else ():
        _log.info("audit", **{key: value for key, value in row.items() if key != "at" and value})


def _next(connection: Connection) -> int:
    """Return the number of the next record; those of dropped ones are not used again."""
    last, floor = connection.execute(_LAST).one()
    return max((last or 0) + 1, floor or 1)


def _of_change(change: Change) -> dict[str, Any]:
    return {
        "model": change.model,
        "version": change.version,
        "before": _short(change.before),
        "after": _short(change.after),
        "code": OK,
        "message": "",
        "omitted": 0,
    }


def _short(values: Mapping[str, object]) -> str:
    """Return values as JSON of bounded size."""
    kept = {_cut(key, MOST_VALUE): _short_value(value) for key, value in list(values.items())[:MOST_ENTRIES]}
    if len(values) > MOST_ENTRIES:
        kept["…"] = f"and {len(values) - MOST_ENTRIES} more"
    return json.dumps(kept, ensure_ascii=False)


def _short_value(value: object) -> object:
    if isinstance(value, Mapping):
        value = " ".join(f"{key}={part:g}" for key, part in value.items())
    return value if isinstance(value, int | float | bool | None) else _cut(str(value), MOST_VALUE)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _storable(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that every database takes: texts of callers may have NUL, which PostgreSQL refuses."""
    return {
        key: _cut(value.replace("\0", "\ufffd"), MOST_MESSAGE)
        if isinstance(value, str) and key not in ("before", "after")
        else value
        for key, value in row.items()
    }
