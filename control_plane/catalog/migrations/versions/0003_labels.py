"""Labels, owners and notes of models and versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create their tables; models and versions that exist have none."""
    op.create_table(
        "labels",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("value", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("model", "version", "key", name="pk_labels"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_labels_model_models"),
    )
    op.create_index("ix_labels_key_value", "labels", ["key", "value", "model", "version"])
    op.create_index("ix_labels_key_model", "labels", ["key", "model", "version"])
    op.create_table(
        "notes",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("owner", WORDS, nullable=False),
        sa.Column("note", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("model", "version", name="pk_notes"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_notes_model_models"),
    )
    op.create_index("ix_notes_owner", "notes", ["owner", "model", "version"])


def downgrade() -> None:
    """Drop them."""
    for table in ("notes", "labels"):
        op.drop_table(table)
