"""INSERT with ON CONFLICT, which SQLAlchemy has for each database separately."""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Upsert = sqlite.Insert | postgresql.Insert


def upsert(connection: Connection, table: Table) -> Upsert:
    """Return an INSERT into a table that may say what it does with rows that exist."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
