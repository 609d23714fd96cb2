"""Let several control planes share a catalog: leases on work, the planes themselves, and reports of their workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; they are about running processes, and start empty."""
    op.create_table(
        "work",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("holder", WORDS, nullable=False),
        sa.Column("token", NUMBER, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_work"),
    )
    op.create_table(
        "planes",
        sa.Column("plane", WORDS, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("plane", name="pk_planes"),
    )
    op.create_table(
        "reports",
        sa.Column("worker", WORDS, nullable=False),
        sa.Column("plane", WORDS, nullable=False),
        sa.Column("heard", sa.Float, nullable=False),
        sa.Column("follows", NUMBER, nullable=False),
        sa.Column("report", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("worker", name="pk_reports"),
    )
    op.create_index("ix_reports_plane", "reports", ["plane"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("reports", "planes", "work"):
        op.drop_table(table)
