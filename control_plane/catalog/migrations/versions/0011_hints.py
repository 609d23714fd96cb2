"""Hints of models for workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; no model has hints."""
    op.create_table(
        "hints",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("pin", NUMBER, nullable=False),
        sa.Column("replicas", NUMBER, nullable=False),
        sa.Column("workers", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("model", name="pk_hints"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_hints_model_models"),
    )


def downgrade() -> None:
    """Drop it: all workers serve all models, and load them when they are called."""
    touched = sa.table("models", sa.column("name"), sa.column("revision"))
    state = sa.table("state", sa.column("revision"))
    hinted = sa.select(sa.table("hints", sa.column("model")).c.model)
    # Workers that a hint excluded have nothing of its model: it is a change for them.
    op.execute(sa.update(state).where(sa.exists(hinted)).values(revision=state.c.revision + 1))
    newest = sa.select(state.c.revision).scalar_subquery()
    op.execute(sa.update(touched).where(touched.c.name.in_(hinted)).values(revision=newest))
    op.drop_table("hints")
