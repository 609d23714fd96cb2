"""Keep who changed what; the database refuses to change such records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pretzel.control_plane.catalog.columns import NUMBER, WORDS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXTS = ("identity", "subject", "method", "model")
_MORE_TEXTS = ("peer", "request_id", "before", "after", "code", "message")
_KEPT = "audit: records are never changed, and deleted only below the floor"
_RISES = "audit: the floor rises and never falls"

_SQLITE = (
    f"CREATE TRIGGER audit_kept BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",
    "CREATE TRIGGER audit_appended BEFORE DELETE ON audit "
    "WHEN OLD.id >= COALESCE((SELECT first FROM audit_floor), 0) "
    f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",
    # An INSERT OR REPLACE deletes the row that it replaces, and fires no trigger of that.
    "CREATE TRIGGER audit_new BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "
    f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",
    "CREATE TRIGGER audit_floor_rises BEFORE UPDATE ON audit_floor WHEN NEW.first < OLD.first OR NEW.id <> OLD.id "
    f"BEGIN SELECT RAISE(ABORT, '{_RISES}'); END",
    f"CREATE TRIGGER audit_floor_stays BEFORE DELETE ON audit_floor BEGIN SELECT RAISE(ABORT, '{_RISES}'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'DELETE' THEN "
    "IF OLD.id < COALESCE((SELECT first FROM audit_floor), 0) THEN RETURN OLD; END IF; END IF; "
    f"RAISE EXCEPTION '{_KEPT}' USING ERRCODE = 'raise_exception'; END $$",
    "CREATE FUNCTION audit_floor_rises() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'UPDATE' THEN IF NEW.first >= OLD.first AND NEW.id = OLD.id THEN RETURN NEW; END IF; END IF; "
    f"RAISE EXCEPTION '{_RISES}' USING ERRCODE = 'raise_exception'; END $$",
    "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_kept()",
    "CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_kept()",
    "CREATE TRIGGER audit_floor_rises BEFORE UPDATE OR DELETE ON audit_floor "
    "FOR EACH ROW EXECUTE FUNCTION audit_floor_rises()",
    "CREATE TRIGGER audit_floor_whole BEFORE TRUNCATE ON audit_floor "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_floor_rises()",
)


def upgrade() -> None:
    """Create the table, the floor below which records may be dropped, and the triggers."""
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
        *(sa.Column(name, WORDS, nullable=False) for name in _TEXTS),
        sa.Column("version", NUMBER, nullable=False),
        *(sa.Column(name, WORDS, nullable=False) for name in _MORE_TEXTS),
        sa.Column("omitted", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_model", "audit", ["model", "id"])
    op.create_index("ix_audit_identity", "audit", ["identity", "id"])
    op.create_table(
        "audit_floor",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("first", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_floor"),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_floor_one_row")),
    )
    for statement in _POSTGRESQL if _is_postgresql() else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Forget the records."""
    for table in ("audit", "audit_floor"):
        op.drop_table(table)
    if _is_postgresql():
        for function in ("audit_kept", "audit_floor_rises"):
            op.execute(f"DROP FUNCTION {function}()")


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"
