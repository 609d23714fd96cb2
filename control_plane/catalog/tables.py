"""Tables of the catalog after the newest migration (a test compares the two)."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Table,
)

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

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
    Column("id", NUMBER, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("epoch", WORDS, nullable=False),
    Column("revision", NUMBER, nullable=False),
)

# A deleted model keeps its row: its version numbers are never reused, and workers must learn of the deletion.
models = Table(
    "models",
    metadata,
    Column("name", WORDS, primary_key=True),
    Column("last_version", NUMBER, nullable=False),
    Column("revision", NUMBER, nullable=False, index=True),
    Column("deleted", NUMBER, nullable=False),
    Column("edition", NUMBER, nullable=False, server_default="1"),
    Column("creator", WORDS, nullable=False, server_default=""),
    Index("ix_models_creator", "creator", "deleted"),
)

versions = Table(
    "versions",
    metadata,
    Column("model", WORDS, ForeignKey("models.name"), primary_key=True),
    Column("version", NUMBER, primary_key=True, autoincrement=False),
    Column("plan", WORDS, nullable=False, index=True),
    Column("definition", WORDS, nullable=False, index=True),
    Column("created", Float, nullable=False),
    Column("parameter_bytes", NUMBER, nullable=False),
    Column("metadata", LargeBinary, nullable=False),
    Column("kernel_set", WORDS, nullable=False, server_default="1"),
    Column("creator", WORDS, nullable=False, server_default="", index=True),
    Column("sample", WORDS, nullable=False, server_default="", index=True),
)

# The last deployments of each model by the identifiers that their clients drew; the version may be gone.
deployments = Table(
    "deployments",
    metadata,
    Column("model", WORDS, ForeignKey("models.name"), primary_key=True),
    Column("id", WORDS, primary_key=True),
    Column("number", NUMBER, nullable=False),
    Column("version", NUMBER, nullable=False),
    Column("definition", WORDS, nullable=False),
    Column("at", Float, nullable=False, index=True),
)

# Further plans of versions, each for other kernels than `versions.kernel_set`; an empty plan has a problem instead.
# `compared`: the rows on which its answers were compared; with 0, the problem is why they were not.
recompiled = Table(
    "recompiled",
    metadata,
    Column("kernel_set", WORDS, primary_key=True),
    Column("model", WORDS, primary_key=True),
    Column("version", NUMBER, primary_key=True, autoincrement=False),
    Column("plan", WORDS, nullable=False, index=True),
    Column("parameter_bytes", NUMBER, nullable=False),
    Column("problem", WORDS, nullable=False),
    Column("compared", NUMBER, nullable=False, server_default="0"),
    Index("ix_recompiled_model", "model", "version"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("model", WORDS, primary_key=True),
    Column("alias", WORDS, primary_key=True),
    Column("version", NUMBER, nullable=False),
    ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.version"]),
)

# The runs of slots of an alias whose calls are split; none for the others.
traffic = Table(
    "traffic",
    metadata,
    Column("model", WORDS, primary_key=True),
    Column("alias", WORDS, primary_key=True),
    Column("position", NUMBER, primary_key=True, autoincrement=False),
    Column("version", NUMBER, nullable=False),
    Column("slots", NUMBER, nullable=False),
    ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.version"]),
)

# Versions that get copies of the calls of an alias; the id distinguishes a shadow from earlier and later ones.
shadows = Table(
    "shadows",
    metadata,
    Column("model", WORDS, primary_key=True),
    Column("alias", WORDS, primary_key=True),
    Column("version", NUMBER, nullable=False),
    Column("slots", NUMBER, nullable=False),
    Column("id", NUMBER, nullable=False),
    ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.version"]),
)

# What each run of a worker reported of a shadow and a version; `progress` grows with them.
shadow_figures = Table(
    "shadow_figures",
    metadata,
    Column("model", WORDS, primary_key=True),
    Column("alias", WORDS, primary_key=True),
    Column("shadow", NUMBER, primary_key=True, autoincrement=False),
    Column("against", NUMBER, primary_key=True, autoincrement=False),
    Column("source", WORDS, primary_key=True),
    Column("progress", NUMBER, nullable=False),
    Column("figures", LargeBinary, nullable=False),
)

# Models that must not be changed until a time; 0: until the row goes.
freezes = Table(
    "freezes",
    metadata,
    Column("pattern", WORDS, primary_key=True),
    Column("by", WORDS, nullable=False),
    Column("at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("reason", WORDS, nullable=False),
)

# Rollouts with their decisions; `start`: what workers had counted when the present step began, null until it is known.
rollouts = Table(
    "rollouts",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("model", WORDS, nullable=False),
    Column("alias", WORDS, nullable=False),
    Column("status", WORDS, nullable=False),
    Column("rollout", LargeBinary, nullable=False),
    Column("start", LargeBinary),
    Index("ix_rollouts_model", "model", "alias"),
)

# Changes that are made at a time, and what became of them; `key` is drawn by the client that repeats a call.
scheduled = Table(
    "scheduled",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    *(Column(name, WORDS, nullable=False) for name in ("method", "about", "note", "identity", "subject", "peer", "by")),
    *(Column(name, WORDS, nullable=False) for name in ("status", "outcome")),
    Column("key", WORDS, nullable=False, index=True),
    *(Column(name, Float, nullable=False) for name in ("at", "not_after", "scheduled", "ended")),
    Column("request", LargeBinary, nullable=False),
    Index("ix_scheduled_status", "status", "at"),
)

# Labels of models (version 0) and of versions.  The indexes list what has a label in the order of names.
labels = Table(
    "labels",
    metadata,
    Column("model", WORDS, ForeignKey("models.name"), primary_key=True),
    Column("version", NUMBER, primary_key=True, autoincrement=False),
    Column("key", WORDS, primary_key=True),
    Column("value", WORDS, nullable=False),
    Index("ix_labels_key_value", "key", "value", "model", "version"),
    Index("ix_labels_key_model", "key", "model", "version"),
)

# Owners and notes of models (version 0) and of versions; a row has one of them at least.
notes = Table(
    "notes",
    metadata,
    Column("model", WORDS, ForeignKey("models.name"), primary_key=True),
    Column("version", NUMBER, primary_key=True, autoincrement=False),
    Column("owner", WORDS, nullable=False),
    Column("note", WORDS, nullable=False),
    Index("ix_notes_owner", "owner", "model", "version"),
)

# Which workers serve a model, and which keep it loaded; no row for a model without hints.
hints = Table(
    "hints",
    metadata,
    Column("model", WORDS, ForeignKey("models.name"), primary_key=True),
    Column("pin", NUMBER, nullable=False),
    Column("replicas", NUMBER, nullable=False),
    Column("workers", WORDS, nullable=False),
)

# Objects that a plan or a definition needs: itself, and every object it names.
holdings = Table(
    "holdings",
    metadata,
    Column("holder", WORDS, primary_key=True),
    Column("object", WORDS, primary_key=True, index=True),
)

# Objects kept until a time (seconds since the epoch) without a reference, and the holder of the lease.
leases = Table(
    "leases",
    metadata,
    Column("object", WORDS, primary_key=True),
    Column("holder", WORDS, primary_key=True),
    Column("until", Float, nullable=False, index=True),
)

# The last deployments that their verification refused, in order; the model need not exist.
failures = Table(
    "failures",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("model", WORDS, nullable=False),
    Column("at", Float, nullable=False),
    Column("estimator", WORDS, nullable=False),
    Column("problem", WORDS, nullable=False),
)

# Who changed what.  Triggers of its migration refuse to change records, and to delete those above the floor.
audit = Table(
    "audit",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False, index=True),
    Column("identity", WORDS, nullable=False),
    Column("subject", WORDS, nullable=False),
    Column("method", WORDS, nullable=False),
    Column("model", WORDS, nullable=False),
    Column("version", NUMBER, nullable=False),
    Column("peer", WORDS, nullable=False),
    Column("request_id", WORDS, nullable=False),
    Column("before", WORDS, nullable=False),
    Column("after", WORDS, nullable=False),
    Column("code", WORDS, nullable=False),
    Column("message", WORDS, nullable=False),
    Column("omitted", NUMBER, nullable=False),
    Index("ix_audit_model", "model", "id"),
    Index("ix_audit_identity", "identity", "id"),
)

# At most one row: the least number of a record that may not be deleted.
audit_floor = Table(
    "audit_floor",
    metadata,
    Column("id", NUMBER, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("first", NUMBER, nullable=False),
)

# Work that one control plane does at a time: the token of a name only grows; its lease ends by the database's clock.
work = Table(
    "work",
    metadata,
    Column("name", WORDS, primary_key=True),
    Column("holder", WORDS, nullable=False),
    Column("token", NUMBER, nullable=False),
    Column("until", Float, nullable=False),
)

# Control planes that share the database; one that does not renew its row counts as dead after a time of the database.
planes = Table(
    "planes",
    metadata,
    Column("plane", WORDS, primary_key=True),
    Column("until", Float, nullable=False),
)

# The last report of each worker, as the control plane that has heard it wrote it.
reports = Table(
    "reports",
    metadata,
    Column("worker", WORDS, primary_key=True),
    Column("plane", WORDS, nullable=False, index=True),
    Column("heard", Float, nullable=False),
    Column("follows", NUMBER, nullable=False),
    Column("report", LargeBinary, nullable=False),
)

OF_THE_MOMENT = (work, planes, reports, shadow_figures)
"""Tables about running processes, or with data of callers: no copy or backup has their rows."""
