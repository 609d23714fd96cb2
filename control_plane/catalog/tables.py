"""Tables of the catalog after the newest migration (a test compares the two)."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
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

# One row: the identity of the store, and the number of changes visible to workers.
state = Table(
    "state",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)

# A deleted model keeps its row: its version numbers are never reused, and workers must learn of the deletion.
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

# Labels of models (version 0) and of versions.  The indexes list what has a label in the order of names.
labels = Table(
    "labels",
    metadata,
    Column("model", Text, ForeignKey("models.name"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("ix_labels_key_value", "key", "value", "model", "version"),
    Index("ix_labels_key_model", "key", "model", "version"),
)

# Owners and notes of models (version 0) and of versions; a row has one of them at least.
notes = Table(
    "notes",
    metadata,
    Column("model", Text, ForeignKey("models.name"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("ix_notes_owner", "owner", "model", "version"),
)

# Objects that a plan or a definition needs: itself, and every object it names.
holdings = Table(
    "holdings",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("object", Text, primary_key=True, index=True),
)

# Objects kept until a time (seconds since the epoch) without a reference, and the holder of the lease.
leases = Table(
    "leases",
    metadata,
    Column("object", Text, primary_key=True),
    Column("holder", Text, primary_key=True),
    Column("until", Float, nullable=False, index=True),
)

# The last deployments that their verification refused, in order; the model need not exist.
failures = Table(
    "failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("estimator", Text, nullable=False),
    Column("problem", Text, nullable=False),
)
