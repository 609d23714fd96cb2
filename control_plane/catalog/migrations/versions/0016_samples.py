"""The samples that are kept with versions, and the rows on which recompiled plans were compared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what exists has no sample, and was not compared."""
    op.add_column("versions", sa.Column("sample", WORDS, nullable=False, server_default=""))
    op.create_index("ix_versions_sample", "versions", ["sample"])
    op.add_column("recompiled", sa.Column("compared", NUMBER, nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop them: the next collection removes the samples."""
    op.drop_column("recompiled", "compared")
    op.drop_index("ix_versions_sample", "versions")
    op.drop_column("versions", "sample")
