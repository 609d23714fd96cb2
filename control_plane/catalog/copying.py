"""Copies a catalog into an empty database: all rows under the same epoch and revision, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from pretzel.control_plane.catalog.audit import Change, record
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.tables import OF_THE_MOMENT, metadata, state
from pretzel.errors import PreconditionError, UnavailableError

TABLES = [table for table in metadata.sorted_tables if table not in OF_THE_MOMENT]
"""The tables that a copy has."""
_ROWS = 1000
"""Rows that are in memory at once."""


def copy(
    source: Database,
    target: Database,
    tables: Sequence[Table] = TABLES,
    keep_epoch: bool = True,
    method: str = "migrate",
) -> dict[str, int]:
    """Copy tables from one snapshot in one transaction, and return the number of rows by table.

    The target lacks what is written to the source after the call started.  Without ``keep_epoch``, it keeps its own.
    ``method`` names the copy in the audit trail of the target.

    Raises:
        PreconditionError: the target is not empty.
        UnavailableError: the counts differ, or a database failed; the target is as before.
    """
    with source.read() as read, target.write() as write:
        own = _check_empty(read, write, target, keep_epoch)
        write.execute(delete(state))
        counts = {table.name: _copy_table(read, write, table) for table in tables}
        write.execute(update(state).values(epoch=own))
        for table in tables:
            before, after = _count(read, table), _count(write, table)
            if not before == after == counts[table.name]:
                raise UnavailableError(
                    f"catalog: {before} rows of {table.name} became {after}; nothing was copied, retry"
                )
        moved = Change(before={"catalog": source.name}, after={"catalog": target.name})
        record(write, moved, method=method)
    return counts


def check_empty(connection: Connection, name: str) -> None:
    """Check that a database has no rows.

    Raises:
        PreconditionError: it has some.
    """
    rows = [f"{count} {table.name}" for table in TABLES if table is not state and (count := _count(connection, table))]
    if rows:
        raise PreconditionError(f"catalog {name}: it has {', '.join(rows)}; name an empty database")


def _check_empty(read: Connection, write: Connection, target: Database, same: bool) -> str:
    """Return the epoch of a target that has no rows, and the epoch of the source if it must be the same."""
    epoch, here = (connection.execute(select(state)).one() for connection in (read, write))
    check_empty(write, target.name)
    if same and here.epoch != epoch.epoch:
        raise PreconditionError(
            f"catalog {target.name}: a control plane has used it, with epoch {here.epoch}; name an empty database"
        )
    return str(here.epoch)


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
