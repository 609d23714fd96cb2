"""The tables of the catalog, as the newest migration leaves them (a test compares the two)."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

# Every constraint has a name, since batch migrations drop and change them by name.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row: who this store is, and how often what workers see has changed.
state = Table(
    "state",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)

# A deleted model keeps its row: its version numbers are never used again, and workers must hear that it went.
models = Table(
    "models",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last_version", Integer, nullable=False),
    Column("revision", Integer, nullable=False, index=True),
    Column("deleted", Integer, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("model", Text, ForeignKey("models.name"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("plan", Text, nullable=False, index=True),
    Column("definition", Text, nullable=False, index=True),
    Column("created", Float, nullable=False),
    Column("parameter_bytes", Integer, nullable=False),
    Column("metadata", LargeBinary, nullable=False),
)

aliases = Table(
    "aliases",
    metadata,
    Column("model", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.version"]),
)

# What a plan or a definition needs: itself, and every object it names.
holdings = Table(
    "holdings",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("object", Text, primary_key=True, index=True),
)

# Objects that are kept until a moment (seconds since the epoch) although nothing refers to them, and for whom.
leases = Table(
    "leases",
    metadata,
    Column("object", Text, primary_key=True),
    Column("holder", Text, primary_key=True),
    Column("until", Float, nullable=False, index=True),
)
