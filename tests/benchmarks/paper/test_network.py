"""The experiments over a network measure the right things; times are not asserted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.paper import plots
from benchmarks.paper.ablations import settings_of
from benchmarks.paper.baselines import OURS, Row
from benchmarks.paper.baselines.environments import SkippedError
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments import ablations, end_to_end, heavy, many
from benchmarks.paper.experiments.members import spread
from benchmarks.paper.experiments.offering import is_sensitive
from benchmarks.paper.sizes import SIZES
from benchmarks.paper.workloads import Workload
from tests.benchmarks.paper import tiny

TEN = SIZES["ten"]
needs_h2load = pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not installed")


@pytest.fixture(scope="module")
def workloads(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Workload]:
    folder = tmp_path_factory.mktemp("models")
    return {name: tiny.make(name, TEN, folder / name, None, lambda text: None) for name in ("SA", "AC")}


def measured(experiment: Experiment, workloads: Mapping[str, Workload], tmp_path: Path) -> tuple[Found, str]:
    """Measure, store and read the result, write its table, and draw its plot."""
    said: list[str] = []
    found = json.loads(json.dumps(experiment.measure(Context(TEN, workloads, said.append))))
    assert said and all("\n" not in line for line in said)
    for name, value in found["headline"].items():
        assert value >= 0, name
    plots.write(experiment, found, tmp_path / "plot.svg")
    return found, experiment.table(found)


@needs_h2load
def test_calls_end_to_end(workloads: Mapping[str, Workload], tmp_path: Path) -> None:
    found, page = measured(end_to_end.EXPERIMENT, workloads, tmp_path)
    assert list(found["kinds"]) == ["SA", "AC"]
    for kind in found["kinds"].values():
        (row,) = kind["servers"].values()
        assert row["server"] == OURS[0].name and row["wrong"] == 0 and row["calls_per_processor_second"] > 0
        assert kind["rate"] % row["concurrency"] == 0
    assert OURS[0].name in page and "25.0" in page  # the paper's


def test_the_best_rival_counts_and_those_ahead_are_named() -> None:
    found: Found = {"kinds": {}, "headline": {}, "targets": {}, "behind": [], "skipped": []}
    rows = [
        Row(OURS[0].name, 2, 8, 100.0, 1000.0, 1.0, 2.0, 50.0, 1.0, 2.0, 90.0, 1.0),
        Row("fastapi", 2, 8, 100.0, 100.0, 1.0, 2.0, 50.0, 1.0, 6.0, 80.0, 1.0),
        Row("mosec", 2, 8, 100.0, 250.0, 1.0, 2.0, 50.0, 1.0, 5.0, 95.0, 1.0),
        Row("triton", skipped="triton: not installed; measure with install=True, which fills build/triton"),
    ]
    end_to_end._add(found, "SA", rows, 48.0)
    assert found["targets"] == {"SA calls per processor second": 4.0, "SA P99 at equal load": 2.5}
    assert found["behind"] == [f"SA, memory: {OURS[0].name} (90) is behind fastapi (80)."]
    assert found["skipped"] == ["triton: not installed; --install fills build/triton"]


def test_without_a_server_it_is_skipped(monkeypatch: pytest.MonkeyPatch, workloads: Mapping[str, Workload]) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SkippedError, match="h2load is not installed"):
        end_to_end.measure(Context(TEN, workloads, lambda text: None))


def test_heavy_load(workloads: Mapping[str, Workload], tmp_path: Path) -> None:
    found, page = measured(heavy.EXPERIMENT, workloads, tmp_path)
    assert found["models"] == 2 * tiny.MEMBERS and list(found["modes"]) == [heavy.WITHOUT, heavy.WITH]
    for lines in found["modes"].values():
        assert [line["offered"] for line in lines] == found["rates"] and len(lines) == len(heavy.FEW["ten"])
        for line in lines:
            assert line["calls_per_second"] < line["rows_per_second"]  # some were batches
            assert 0 < line["sensitive_mean_ms"] <= line["sensitive_p99_ms"]
    assert "24.4" in page and "% of the capacity" in page


def test_half_of_each_workload_is_sensitive() -> None:
    ranks = range(40)  # the workloads take turns
    for workload in (0, 1):
        assert sum(is_sensitive(rank) for rank in ranks if rank % 2 == workload) == 10
    assert is_sensitive(0)


def test_many_models(workloads: Mapping[str, Workload], tmp_path: Path) -> None:
    found, page = measured(many.EXPERIMENT, workloads, tmp_path)
    assert found["models"] == found["wanted"] == TEN.many and not found["extrapolated"]
    assert found["memory_mb"]["called"]["serving"] > 0 and found["cold_ms"]["p50"] <= found["cold_ms"]["worst"]
    assert f"{TEN.many} models through the public API" in page


def test_too_many_models_are_extrapolated() -> None:
    memory = {"before": {"serving": 100.0}, "deployed": {"serving": 150.0}, "called": {"serving": 160.0}}
    found = {"models": 100, "wanted": 1000, "deploy_ms": [(10, 50.0), (100, 60.0)], "memory_mb": memory, "called": 10}
    concluded = many._concluded(found | {"cold_ms": {"p50": 1.0, "p99": 2.0}})
    headline = concluded["headline"]
    assert headline["memory of all processes for each deployed model, KB"] == 512
    assert headline["memory of the serving process for each called model, KB"] == 1024
    (sentence,) = concluded["extrapolated"]
    assert "100 of 1,000 were deployed; all would take 1 minutes and 500 MB more" in sentence


def test_ablations(workloads: Mapping[str, Workload], tmp_path: Path) -> None:
    found, page = measured(ablations.EXPERIMENT, workloads, tmp_path)
    assert list(found["kinds"]) == list(found["layers"]) == ["SA", "AC", "one-hot"]
    for items in found["kinds"].values():
        assert [item["switch"] for item in items] == ablations.OF_TEN
    assert "`optimizer`: " in page and "The rules are worth" in page


@needs_h2load
def test_a_setting_of_a_worker(workloads: Mapping[str, Workload]) -> None:
    models = spread(workloads["SA"], TEN)
    (found,) = settings_of(models, {"the native front": (("--front", "grpcio"), ())}, seconds=0.1, rounds=1)
    assert found.on_calls_per_second > 0 and found.on_memory_mb > 0
    assert found.statement in ablations._setting_table([found])
