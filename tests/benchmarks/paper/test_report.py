"""The page of the evaluation, from a fixed result."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks.paper import report, targets
from benchmarks.paper.experiment import Experiment
from benchmarks.paper.markdown import number
from benchmarks.paper.results import Results

MACHINE = {
    "machine": "x86_64",
    "processor": "a processor",
    "cores": 2,
    "python": "3.11.7",
    "commit": "abc",
    "libraries": {"numpy": "2.0"},
}
WORKLOADS = {
    kind: {"fingerprint": "f00", "about": f"About {kind}.", "members": 4, "pickled_bytes": 8_000_000, "rows": 20}
    for kind in ("SA", "AC")
}
FOUND: dict[str, dict[str, Any]] = {
    "memory": {"targets": {"SA memory": 8.0, "SA load seconds": 0.25}, "extrapolated": ["Ten of 250 processes."]},
    "end_to_end": {"behind": ["SA, memory: pretzel (10) is behind triton (5)."], "skipped": ["triton: not installed"]},
}


def draw(found: dict[str, Any], figure: Any) -> None:
    figure.subplots().plot([1, 2], [2, 1])


EXPERIMENTS = [
    Experiment("memory", "Memory of all models", lambda context: {}, lambda found: "| a table |\n|---|", draw),
    Experiment("end_to_end", "Calls over a network", lambda context: {}, lambda found: "no table"),
    Experiment("later", "An experiment that was not run", lambda context: {}, lambda found: ""),
]


def kept(path: Path, **changes: Any) -> Results:
    outcome = {"seconds": 61.0, "when": "2026-01-01 00:00:00", "commit": "abc"}
    experiments = {name: outcome | {"found": found} for name, found in FOUND.items()}
    return dataclasses.replace(Results(path, "small", "built in", WORKLOADS, MACHINE, experiments), **changes)


@pytest.fixture
def page(tmp_path: Path) -> str:
    report.write(kept(tmp_path / "paper.json"), EXPERIMENTS, tmp_path / "paper.md")
    return (tmp_path / "paper.md").read_text()


def test_targets_are_reached_missed_or_not_measured(page: str) -> None:
    assert "| SA memory | scikit-learn in one process | at least 20 times less | 8 | **missed** |" in page
    assert "| SA load seconds | - | at most 1 seconds for all | 0.25 | reached |" in page
    assert "| AC latency | ONNX Runtime | at least 1 times lower | - | not measured |" in page


def test_it_says_where_we_are_behind_and_to_whom(page: str) -> None:
    behind = page.split("## Where Pretzel is behind")[1].split("##")[0]
    assert (
        "**Missed.** SA memory, against scikit-learn in one process: asked for at least 20 times less, measured 8"
        in behind
    )
    assert "SA, memory: pretzel (10) is behind triton (5)." in behind and "load" not in behind


def test_what_was_extrapolated_skipped_or_not_run_is_listed(page: str) -> None:
    assert "## Extrapolated\n\n- Ten of 250 processes." in page
    missing = page.split("## Not measured")[1].split("##")[0]
    assert "- Calls over a network: triton: not installed" in missing
    assert "- An experiment that was not run: not run." in missing


def test_circumstances_workloads_and_sections_are_there(page: str) -> None:
    assert "| processor | a processor (x86_64) |" in page and "numpy 2.0" in page
    assert "| SA | 4 | 8 | 2 | 20 | `f00` |" in page and "- AC: About AC." in page
    assert "## Memory\n\nMemory of all models." in page and "Measured in 1:01 minutes." in page
    assert "[paper.json](paper.json)" in page and "has the size `small`" in page


def test_a_result_of_another_form_is_named(tmp_path: Path) -> None:
    item = Experiment("memory", "Memory", lambda context: {}, lambda found: str(found["gone"]), draw)
    report.write(kept(tmp_path / "paper.json"), [item], tmp_path / "paper.md")
    assert "the form of an earlier commit: `python -m benchmarks.paper --again --only memory`" in (
        (tmp_path / "paper.md").read_text()
    )


def test_without_a_miss_it_says_so(tmp_path: Path) -> None:
    report.write(kept(tmp_path / "paper.json", experiments={}), EXPERIMENTS, tmp_path / "paper.md")
    assert "No target that was measured is missed" in (tmp_path / "paper.md").read_text()


def test_equal_results_give_equal_plots(page: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert "![Memory of all models](paper-memory.svg)" in page and "paper-end_to_end" not in page
    path = tmp_path / "paper-memory.svg"
    first = path.read_bytes()
    ElementTree.fromstring(first)
    report.write(kept(tmp_path / "paper.json"), EXPERIMENTS, tmp_path / "paper.md")
    assert path.read_bytes() == first


def test_without_matplotlib_there_is_no_plot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.paper.plots.find_spec", lambda name: None)
    report.write(kept(tmp_path / "paper.json"), EXPERIMENTS, tmp_path / "paper.md")
    assert ".svg" not in (tmp_path / "paper.md").read_text() and not list(tmp_path.glob("*.svg"))


def test_links_to_sections_lead_to_their_headings(page: str) -> None:
    names = {target.experiment for target in targets.TARGETS}
    for name in names & set(FOUND):
        heading = f"## {name.replace('_', ' ').capitalize()}"
        assert heading in page and heading[3:].lower().replace(" ", "-") == name.replace("_", "-")


@pytest.mark.parametrize(
    ("value", "said"), [(1234.5, "1,234"), (12.345, "12.3"), (0.001234, "0.00123"), (1e-5, "0.00001"), (0.0, "0")]
)
def test_numbers_have_three_digits(value: float, said: str) -> None:
    assert number(value) == said
