"""The identities that created models and versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import WORDS

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what exists is charged to no identity."""
    for table in ("models", "versions"):
        op.add_column(table, sa.Column("creator", WORDS, nullable=False, server_default=""))
    op.create_index("ix_models_creator", "models", ["creator", "deleted"])
    op.create_index("ix_versions_creator", "versions", ["creator"])


def downgrade() -> None:
    """Drop them: no identity is charged."""
    for table in ("versions", "models"):
        op.drop_index(f"ix_{table}_creator", table)
        op.drop_column(table, "creator")
