"""Copies a catalog into an empty database: all rows under the same epoch and revision, or none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from pretzel.control_plane.catalog.audit import Change, record
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.tables import metadata, state
from pretzel.errors import PreconditionError, UnavailableError

_ROWS = 1000
"""Rows that are in memory at once."""


def copy(source: Database, target: Database) -> dict[str, int]:
    """Copy all tables from one snapshot in one transaction, and return the number of rows by table.

    The target lacks what is written to the source after the call started.

    Raises:
        PreconditionError: the target is not empty.
        UnavailableError: the counts differ, or a database failed; the target is as before.
    """
    with source.read() as read, target.write() as write:
        _check_empty(read, write, target)
        write.execute(delete(state))
        counts = {table.name: _copy_table(read, write, table) for table in metadata.sorted_tables}
        for table in metadata.sorted_tables:
            before, after = _count(read, table), _count(write, table)
            if not before == after == counts[table.name]:
                raise UnavailableError(
                    f"catalog: {before} rows of {table.name} became {after}; nothing was copied, retry"
                )
        moved = Change(before={"catalog": source.name}, after={"catalog": target.name})
        record(write, moved, method="migrate")
    return counts


def _check_empty(read: Connection, write: Connection, target: Database) -> None:
    epoch, here = (connection.execute(select(state)).one() for connection in (read, write))
    rows = [
        f"{count} {table.name}"
        for table in metadata.sorted_tables
        if table is not state and (count := _count(write, table))
    ]
    if rows:
        raise PreconditionError(f"catalog {target.name}: it has {', '.join(rows)}; name an empty database")
    if here.epoch != epoch.epoch:
        raise PreconditionError(
            f"catalog {target.name}: a control plane has used it, with epoch {here.epoch}; name an empty database"
        )


def _copy_table(read: Connection, write: Connection, table: Table) -> int:
    count = 0
    for rows in _chunks(read, table):
        write.execute(insert(table), rows)
        count += len(rows)
    return count


def _chunks(read: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    result = read.execute(select(table), execution_options={"yield_per": _ROWS})
    for rows in result.mappings().partitions():
        yield [{name: _storable(value) for name, value in row.items()} for row in rows]


def _storable(value: Any) -> Any:
    """Return a value that every database takes: errors of models that an old catalog kept may have NUL."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
