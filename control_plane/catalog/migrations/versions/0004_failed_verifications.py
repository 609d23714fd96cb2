"""Keep the last deployments that their verification refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; failures before it are not known."""
    op.create_table(
        "failures",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("model", WORDS, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("estimator", WORDS, nullable=False),
        sa.Column("problem", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_failures"),
    )


def downgrade() -> None:
    """Forget the failures."""
    op.drop_table("failures")
