"""The evaluation runs whole at the size `small`; nothing but its success is asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.paper.experiments import EXPERIMENTS
from benchmarks.paper.results import read

ROOT = Path(__file__).parents[3]
SECONDS = 1800


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 60)
def test_the_small_size_runs_whole(tmp_path: Path) -> None:
    results = tmp_path / "small.json"
    words = [sys.executable, "-m", "benchmarks.paper", "--small", "--results", str(results)]
    words += ["--folder", str(tmp_path / "models")]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    outcomes = read(results).experiments
    assert list(outcomes) == [item.name for item in EXPERIMENTS]
    page = (tmp_path / "small.md").read_text()
    for item in EXPERIMENTS:
        assert "found" in outcomes[item.name] or "skipped" in outcomes[item.name], outcomes[item.name]
        assert item.title in page
