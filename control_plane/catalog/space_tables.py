"""Tables of the objects and bytes of identities."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Table

from pretzel.control_plane.catalog.columns import NUMBER, WORDS
from pretzel.control_plane.catalog.tables import metadata

# Objects that identities hold: those that their versions need, with the number of these versions.
charges = Table(
    "charges",
    metadata,
    Column("identity", WORDS, primary_key=True),
    Column("object", WORDS, primary_key=True),
    Column("bytes", NUMBER, nullable=False),
    Column("versions", NUMBER, nullable=False),
)

# The sums of `charges` by identity.
charged = Table(
    "charged",
    metadata,
    Column("identity", WORDS, primary_key=True),
    Column("objects", NUMBER, nullable=False),
    Column("bytes", NUMBER, nullable=False),
)

# Leased objects that identities with a limit upload, and the number of streams of each; they end with the lease.
uploads = Table(
    "uploads",
    metadata,
    Column("object", WORDS, primary_key=True),
    Column("holder", WORDS, primary_key=True),
    Column("identity", WORDS, primary_key=True, index=True),
    Column("bytes", NUMBER, nullable=False),
    Column("streams", NUMBER, nullable=False),
    ForeignKeyConstraint(["object", "holder"], ["leases.object", "leases.holder"], ondelete="CASCADE"),
)
