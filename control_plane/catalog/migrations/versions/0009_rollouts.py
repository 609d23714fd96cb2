"""Rollouts with their decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; it is empty."""
    op.create_table(
        "rollouts",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("model", WORDS, nullable=False),
        sa.Column("alias", WORDS, nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("rollout", sa.LargeBinary, nullable=False),
        sa.Column("start", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_rollouts"),
    )
    op.create_index("ix_rollouts_model", "rollouts", ["model", "alias"])


def downgrade() -> None:
    """Drop them: splits stay as the rollouts left them."""
    op.drop_index("ix_rollouts_model", "rollouts")
    op.drop_table("rollouts")
