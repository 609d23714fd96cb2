"""Ablations and network baselines have the right shape; times are not asserted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_wine

from benchmarks.paper.ablations import ablate, table
from benchmarks.paper.baselines import OURS, RIVALS, SERVERS, measure
from benchmarks.paper.baselines import servers as starting
from benchmarks.paper.baselines.environments import HERE, SkippedError, python_of
from benchmarks.serving.models import small

MODELS = {"text": small.text_classifier(), "wine": small.wine_classifier()}
ROW = {"text": small.TEXT, "wine": load_wine().data[3]}
ROWS = {"text": [small.TEXT, "good coffee"], "wine": load_wine().data[:3]}
needs_h2load = pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not installed")


def test_each_switch_is_measured_on_and_off() -> None:
    found = ablate(MODELS, ROWS, ["optimizer", "chain_fusion"], rounds=1)
    assert [item.switch for item in found] == ["optimizer", "chain_fusion"]
    for item in found:
        assert item.on is not None and item.off is not None
        for side in (item.on, item.off):
            assert min(side.memory_mb, side.load_ms, side.one_row_us, side.batch_rows_per_second) > 0
        assert item.statement.startswith(f"`{item.switch}`: ") and item.statement in table(found)


@needs_h2load
def test_our_worker_is_measured_with_answers_compared() -> None:
    row = measure(OURS[0].name, MODELS, ROW, 0.4, concurrency=2, rate=50)
    assert not row.skipped and row.wrong == 0 and row.models == len(MODELS)
    assert row.calls_per_second > 0 and row.calls_per_processor_second > 0 and row.memory_mb > 0
    assert 0 < row.p50_ms <= row.p99_ms and 0 < row.load_p50_ms <= row.load_p99_ms


def test_a_rival_that_is_not_installed_is_skipped_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.paper.baselines.environments.FOLDER", tmp_path)
    monkeypatch.setattr(starting.shutil, "which", lambda name: name)
    row = measure("fastapi", MODELS, ROW, 0.2)
    assert row.skipped.startswith("fastapi: not installed; measure with install=True") and "\n" not in row.line


def test_a_server_that_does_not_start_is_skipped_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sys

    (tmp_path / "mosec_server.py").write_text("print('begins')\nraise SystemExit('the port is taken')\n")
    monkeypatch.setattr(starting, "PROGRAMS", tmp_path)
    monkeypatch.setattr(starting, "python_of", lambda name, install: Path(sys.executable))
    monkeypatch.setattr(starting.shutil, "which", lambda name: name)
    row = measure("mosec", MODELS, ROW, 0.2)
    assert row.skipped == "mosec: ended with 1 before it answered: the port is taken"
    assert row.line.endswith(row.skipped)


def test_every_rival_has_pinned_requirements_and_a_program() -> None:
    for server in RIVALS:
        lines = (HERE / "requirements" / f"{server.name}.txt").read_text().split()
        assert all("==" in line for line in lines) and "scikit-learn==" in " ".join(lines)
        assert (starting.PROGRAMS / f"{server.name}_server.py").exists()
    assert len(SERVERS) == len(OURS) + len(RIVALS)


@needs_h2load
def test_fastapi_is_measured_if_it_is_installed() -> None:
    try:
        python_of("fastapi", install=False)
    except SkippedError as error:
        pytest.skip(str(error))
    row: Any = measure("fastapi", MODELS, ROW, 0.4, concurrency=2, rate=50)
    assert not row.skipped and row.wrong == 0 and row.memory_mb > 0
