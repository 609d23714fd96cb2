"""Give leases a holder, so that a deployment can end its own leases when it ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import WORDS

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give leases a holder; existing ones get none and keep their expiry."""
    _remake(sa.Column("holder", WORDS, nullable=False), "object, ''", "holder")


def downgrade() -> None:
    """Keep the longest lease of each object."""
    _remake(None, "object", None)


def _remake(more: sa.Column[str] | None, selected: str, name: str | None) -> None:
    op.rename_table("leases", "leases_before")
    op.drop_index("ix_leases_until", "leases_before")
    if op.get_bind().dialect.name == "postgresql":  # where the names of indexes belong to the schema
        op.execute("ALTER TABLE leases_before RENAME CONSTRAINT pk_leases TO pk_leases_before")
    columns = [sa.Column("object", WORDS, nullable=False), *([more] if more is not None else [])]
    op.create_table(
        "leases",
        *columns,
        sa.Column("until", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("object", *([name] if name else []), name="pk_leases"),
    )
    op.create_index("ix_leases_until", "leases", ["until"])
    target = "object, holder, until" if name else "object, until"
    op.execute(f"INSERT INTO leases ({target}) SELECT {selected}, max(until) FROM leases_before GROUP BY object")
    op.drop_table("leases_before")
