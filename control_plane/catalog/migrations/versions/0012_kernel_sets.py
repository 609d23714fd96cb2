"""The kernels that each plan is for, and further plans of versions for other kernels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; all plans until now are for the first kernels."""
    op.add_column("versions", sa.Column("kernel_set", WORDS, nullable=False, server_default="1"))
    op.create_table(
        "recompiled",
        sa.Column("kernel_set", WORDS, nullable=False),
        sa.Column("model", WORDS, nullable=False),
        sa.Column("version", NUMBER, nullable=False, autoincrement=False),
        sa.Column("plan", WORDS, nullable=False),
        sa.Column("parameter_bytes", NUMBER, nullable=False),
        sa.Column("problem", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("kernel_set", "model", "version", name="pk_recompiled"),
    )
    op.create_index("ix_recompiled_plan", "recompiled", ["plan"])
    op.create_index("ix_recompiled_model", "recompiled", ["model", "version"])


def downgrade() -> None:
    """Drop them: each version keeps the plan that it was deployed with, or that replaced it."""
    op.drop_table("recompiled")
    op.drop_column("versions", "kernel_set")
