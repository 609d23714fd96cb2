"""The identifiers of deployments, by which a repeated one is recognized."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; deployments before it have no identifier."""
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


def downgrade() -> None:
    """Drop the table: a deployment that is repeated later may make another version."""
    op.drop_index("ix_deployments_at", "deployments")
    op.drop_table("deployments")
