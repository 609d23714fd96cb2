"""Connects Alembic to the database: over a given connection, or by the URL on its command line."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from pretzel.control_plane.catalog.tables import metadata


def migrate(connection: Connection) -> None:
    """Run the requested migrations; in batch mode, because SQLite cannot alter most of a table in place."""
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


passed = context.config.attributes.get("connection")
if passed is not None:
    migrate(passed)
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url") or "").connect() as opened:
        migrate(opened)
