"""Models, versions, aliases; the objects they hold; leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables."""
    _state_and_models()
    _versions_and_aliases()
    _objects()


def downgrade() -> None:
    """Drop them."""
    for table in ("leases", "holdings", "aliases", "versions", "models", "state"):
        op.drop_table(table)


def _state_and_models() -> None:
    op.create_table(
        "state",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("epoch", WORDS, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_state"),
        sa.CheckConstraint("id = 1", name="ck_state_one_row"),
    )
    op.create_table(
        "models",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("last_version", NUMBER, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("deleted", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_models"),
    )
    op.create_index("ix_models_revision", "models", ["revision"])


def _versions_and_aliases() -> None:
    op.create_table(
        "versions",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("plan", WORDS, nullable=False),
        sa.Column("definition", WORDS, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("parameter_bytes", NUMBER, nullable=False),
        sa.Column("metadata", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("model", "version", name="pk_versions"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_versions_model_models"),
    )
    op.create_index("ix_versions_plan", "versions", ["plan"])
    op.create_index("ix_versions_definition", "versions", ["definition"])
    op.create_table(
        "aliases",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("alias", WORDS, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("model", "alias", name="pk_aliases"),
        sa.ForeignKeyConstraint(
            ["model", "version"], ["versions.model", "versions.version"], name="fk_aliases_model_versions"
        ),
    )


def _objects() -> None:
    op.create_table(
        "holdings",
        sa.Column("holder", WORDS, nullable=False),
        sa.Column("object", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("holder", "object", name="pk_holdings"),
    )
    op.create_index("ix_holdings_object", "holdings", ["object"])
    op.create_table(
        "leases",
        sa.Column("object", WORDS, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("object", name="pk_leases"),
    )
    op.create_index("ix_leases_until", "leases", ["until"])
