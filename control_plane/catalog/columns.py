"""Types of columns that hold and compare the same values in every database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, Text

# By code points, as SQLite and Python do; other databases compare by the rules of a language.
WORDS = Text().with_variant(Text(collation="C"), "postgresql")
# 64 bits, as SQLite has; an INTEGER of other databases has 32.
NUMBER = Integer().with_variant(BigInteger(), "postgresql")
