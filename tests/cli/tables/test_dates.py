"""Columns that ``--types`` declares as dates."""

from __future__ import annotations

import pytest

from pretzel.cli.tables.cells import Column, Dates
from pretzel.cli.tables.reading import Reading, parsed_types
from pretzel.errors import InputError


def test_cells_of_dates() -> None:
    reading = Reading(types=parsed_types(["seen=date"]))
    column = Column("seen", "any", reading)
    read = column.read(["2020-01-01", "2020-01-01 10:00:00.5", ""], [2, 3, 4])
    assert isinstance(read, Dates)
    assert read[:2] == ["2020-01-01", "2020-01-01 10:00:00.5"]
    assert read[2] != read[2]
    with pytest.raises(InputError, match="line 7, column 'seen': expected a date of ISO 8601, as set by --types, got"):
        column.read(["2020-01-01", "1.2.2020"], [6, 7])
