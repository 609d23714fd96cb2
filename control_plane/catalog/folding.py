"""Search without regard to case, by Python's rules in every database."""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, false, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Contains(FunctionElement[bool]):
    """The folded text of the first argument contains the second."""

    type = Boolean()
    inherit_cache = True


@compiles(_Contains)
def _in_sqlite(element: _Contains, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    return f"instr(fold({column}), {wanted}) > 0"


@compiles(_Contains, "postgresql")
def _in_postgresql(element: _Contains, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    return f"strpos(fold({column}), {wanted}) > 0"


def contains(column: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """Return the condition that a column contains a text, without regard to case."""
    # No stored text has NUL, and PostgreSQL takes none.
    return false() if "\0" in wanted else _Contains(column, wanted.casefold())


def create_fold(connection: Connection) -> None:
    """Create or renew PostgreSQL's function ``fold``, which is :meth:`str.casefold` of this Python.

    Its own ``lower`` follows the locale of the database, and does not fold: ß is not found as ss.
    """
    version = f"Unicode {unicodedata.unidata_version}"
    known = connection.scalar(text("SELECT obj_description(to_regprocedure('fold(text)'), 'pg_proc')"))
    if known != version:
        connection.exec_driver_sql(_definition())
        connection.exec_driver_sql(f"COMMENT ON FUNCTION fold(text) IS '{version}'")


def _definition() -> str:
    changed = {c: c.casefold() for c in map(chr, range(sys.maxunicode + 1)) if c.casefold() != c}
    foldings = json.dumps(changed, ensure_ascii=False)
    # A search in a sorted object: `translate` compares each character with all of them, which takes 30 us for one.
    return f"""
        CREATE OR REPLACE FUNCTION fold(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT CASE WHEN octet_length(t) = length(t) THEN lower(t COLLATE "C") ELSE array_to_string(ARRAY(
                SELECT coalesce('{foldings}'::jsonb ->> c, c) FROM string_to_table(t, NULL) c
            ), '') END
        $$"""
