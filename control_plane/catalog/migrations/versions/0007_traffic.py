"""Splits of aliases, freezes, and the edition of each model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; no alias is split, and no model is frozen."""
    op.add_column("models", sa.Column("edition", NUMBER, nullable=False, server_default="1"))
    op.create_table(
        "traffic",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("alias", WORDS, nullable=False),
        sa.Column("position", NUMBER, nullable=False, autoincrement=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("slots", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("model", "alias", "position", name="pk_traffic"),
        sa.ForeignKeyConstraint(
            ["model", "version"], ["versions.model", "versions.version"], name="fk_traffic_model_versions"
        ),
    )
    op.create_table(
        "freezes",
        sa.Column("pattern", WORDS, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("pattern", name="pk_freezes"),
    )


def downgrade() -> None:
    """Drop them: each alias sends all calls to its version again."""
    for table in ("freezes", "traffic"):
        op.drop_table(table)
    op.drop_column("models", "edition")
