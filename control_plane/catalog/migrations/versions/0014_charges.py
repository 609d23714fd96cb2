"""The objects that identities hold by their versions, their sums, and uploads that wait for a deployment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_OBJECTS = """
INSERT INTO charges (identity, object, bytes, versions)
SELECT creator, object, CAST(substr(object, 73) AS BIGINT), count(*) FROM (
    SELECT model, version, creator, object FROM versions JOIN holdings ON holder = plan WHERE creator <> ''
    UNION SELECT model, version, creator, object FROM versions JOIN holdings ON holder = definition WHERE creator <> ''
) AS needed GROUP BY creator, object
"""
"""The text of a digest is `sha256:`, 64 digits, a slash and the size."""
_SUMS = "INSERT INTO charged (identity, objects, bytes) SELECT identity, count(*), sum(bytes) FROM charges GROUP BY 1"


def upgrade() -> None:
    """Create the tables, and charge what the versions of identities need."""
    op.create_table(
        "charges",
        sa.Column("identity", WORDS, nullable=False),
        sa.Column("object", WORDS, nullable=False),
        sa.Column("bytes", NUMBER, nullable=False),
        sa.Column("versions", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("identity", "object", name="pk_charges"),
    )
    op.create_table(
        "charged",
        sa.Column("identity", WORDS, nullable=False),
        sa.Column("objects", NUMBER, nullable=False),
        sa.Column("bytes", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_charged"),
    )
    op.create_table(
        "uploads",
        sa.Column("object", WORDS, nullable=False),
        sa.Column("holder", WORDS, nullable=False),
        sa.Column("identity", WORDS, nullable=False),
        sa.Column("bytes", NUMBER, nullable=False),
        sa.Column("streams", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("object", "holder", "identity", name="pk_uploads"),
        sa.ForeignKeyConstraint(
            ["object", "holder"],
            ["leases.object", "leases.holder"],
            name="fk_uploads_object_leases",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_uploads_identity", "uploads", ["identity"])
    op.execute(_OBJECTS)
    op.execute(_SUMS)


def downgrade() -> None:
    """Drop them: objects and bytes are not charged."""
    for table in ("uploads", "charged", "charges"):
        op.drop_table(table)
