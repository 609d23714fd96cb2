"""Shadows of aliases, and what they show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; no alias has a shadow."""
    op.create_table(
        "shadows",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("alias", WORDS, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("slots", NUMBER, nullable=False),
        sa.Column("id", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("model", "alias", name="pk_shadows"),
        sa.ForeignKeyConstraint(
            ["model", "version"], ["versions.model", "versions.version"], name="fk_shadows_model_versions"
        ),
    )
    op.create_table(
        "shadow_figures",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("alias", WORDS, nullable=False),
        sa.Column("shadow", NUMBER, nullable=False, autoincrement=False),
        sa.Column("against", NUMBER, nullable=False, autoincrement=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("progress", NUMBER, nullable=False),
        sa.Column("figures", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("model", "alias", "shadow", "against", "source", name="pk_shadow_figures"),
    )


def downgrade() -> None:
    """Drop them: no call is copied."""
    for table in ("shadow_figures", "shadows"):
        op.drop_table(table)
