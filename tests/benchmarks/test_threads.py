"""The tools of the benchmark of many rows on two cores; times are not asserted."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from benchmarks.serving import threads_page
from benchmarks.serving.ceiling import at_once, bare_transport
from benchmarks.serving.processor import seconds_of, spent
from benchmarks.serving.threads import measured
from benchmarks.serving.threads_page import Compared, Side

SERVED = Compared("m, 3 MB", Side(0.06, 0.01, 0.04, 0.05), Side(0.04, 0.01, 0.02, 0.03), 1.4, 1.9, 0.02)
LOCAL = Compared("m, predict", Side(0.05, 0.0, 0.04), Side(0.03, 0.0, 0.02), 1.6, 1.9)


def test_two_processes_do_the_work_at_once() -> None:
    assert at_once(lambda: sum(range(1000)), 2) > 0


def test_a_bare_transport_carries_all_bytes() -> None:
    assert bare_transport(3_000_000, 100_000, 2) > 0


def test_processor_time_of_the_main_thread_and_of_the_longest_other() -> None:
    assert spent(7, {7: 1.0, 8: 2.0}, {7: 1.5, 8: 2.25, 9: 3.0}) == (0.5, 3.0)
    assert spent(7, {}, {7: 1.5}) == (1.5, 0.0)
    assert seconds_of(os.getpid()).keys() >= {threading.main_thread().native_id}


def test_a_call_in_this_process_is_measured_by_its_longest_thread() -> None:
    side = measured(lambda: sum(range(100_000)), os.getpid())
    assert side.work == side.path > 0 and side.loop == side.inside == 0


def test_ratios_and_limits() -> None:
    assert LOCAL.cells()[-3:] == ["40.0 ms", "20.0 ms", "2.00"]
    assert SERVED.cells()[-3:] == ["50.0 ms", "30.0 ms", "1.67"]
    assert SERVED.served_cells()[-6:] == ["50.0 ms", "30.0 ms", "1.67", "10.0 ms", "20.0 ms", "1.50"]


def test_the_page_has_all_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_page, "RESULT", tmp_path / "threads.json")
    threads_page.write(1000, {"copies": 1.7}, [LOCAL, SERVED])
    assert [item["name"] for item in json.loads((tmp_path / "threads.json").read_text())["results"]] == [
        "m, predict",
        "m, 3 MB",
    ]
    page = (tmp_path / "threads.md").read_text()
    assert "1,000 rows" in page and "| copies | 1.70 |" in page
    tables = [line.count("|") for line in page.splitlines() if line.startswith("|")]
    assert sorted(set(tables)) == [3, 9, 15]
