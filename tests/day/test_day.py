"""The day with few models."""

from pathlib import Path

import pytest

from tests.day.script import run


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_small_day(tmp_path: Path):
    record = run(tmp_path, models=6)
    assert record.passed, (record.problems, record.table())
