"""The load generator: its requests and its counts."""

from pathlib import Path

import pytest


def test_random_rows(run, worker):
    result = run("bench", "m", "--seconds", "0.3", "--concurrency", "3", "--rows", "4", "--json").json
    assert (result["model"], result["method"], result["failures"]) == ("m@1", "predict", 0)
    assert result["calls"] > 10
    assert result["rows_per_second"] == pytest.approx(4 * result["calls_per_second"], rel=0.01)
    assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["p99"] <= result["latency_ms"]["max"]


def test_rows_from_a_file(run, worker, tmp_path: Path):
    (tmp_path / "x.csv").write_text("1.5,2\n3,4\n5,6\n")
    ran = run("bench", "m", tmp_path / "x.csv", "--seconds", "0.2", "--rows", "2", "--method", "predict_proba")
    assert ran.code == 0
    assert "rows per second" in ran.out and "p99" in ran.out


@pytest.mark.parametrize(
    ("content", "problem"), [("", "expected rows, got none"), ("1,2,3\n", "takes 2 columns, and the file has 3")]
)
def test_unusable_rows_are_reported(run, worker, tmp_path: Path, content: str, problem: str):
    (tmp_path / "x.csv").write_text(content)
    ran = run("bench", "m", tmp_path / "x.csv", "--seconds", "0.1")
    assert (ran.code, problem in ran.err) == (3, True)
