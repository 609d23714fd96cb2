"""The identifiers of deployments, by which a repeated one is recognized, and scheduled changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; deployments before have no identifier, and nothing is scheduled."""
    op.create_table(
        "deployments",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("definition", WORDS, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("model", "id", name="pk_deployments"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_deployments_model_models"),
    )
    op.create_index("ix_deployments_at", "deployments", ["at"])
    texts = ("key", "method", "about", "note", "identity", "subject", "peer", "by", "status", "outcome")
    op.create_table(
        "scheduled",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        *(sa.Column(name, WORDS, nullable=False) for name in texts),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("at", "not_after", "scheduled", "ended")),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scheduled"),
    )
    op.create_index("ix_scheduled_status", "scheduled", ["status", "at"])
    op.create_index("ix_scheduled_key", "scheduled", ["key"])


def downgrade() -> None:
    """Drop the tables: nothing is scheduled, and a deployment that is repeated later may make another version."""
    op.drop_index("ix_scheduled_key", "scheduled")
    op.drop_index("ix_scheduled_status", "scheduled")
    op.drop_table("scheduled")
    op.drop_index("ix_deployments_at", "deployments")
    op.drop_table("deployments")
