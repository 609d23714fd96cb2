"""The experiments in process measure both sides of small workloads, and report and draw what they found."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from benchmarks.paper import plots
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments import apart, fan_out, latency, materialization, throughput
from benchmarks.paper.experiments.asking_all import ALL
from benchmarks.paper.sizes import SIZES
from benchmarks.paper.workloads import Workload, keeping

TEN = SIZES["ten"]


@pytest.fixture(scope="module")
def workloads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workload]:
    """Both workloads with ten models."""
    folder = tmp_path_factory.mktemp("workloads")
    return {name: keeping.workload(name, TEN, folder / name) for name in ("SA", "AC")}


def _measured(item: Experiment, workloads: dict[str, Workload]) -> tuple[Found, str]:
    """Return what an experiment found, as it is stored, and its section."""
    said: list[str] = []
    found = json.loads(json.dumps(item.measure(Context(TEN, workloads, said.append))))
    assert said
    assert found["headline"] and all(isinstance(value, float) for value in found["headline"].values())
    section = item.table(found)
    assert "| " in section and "nan" not in section
    return found, section


def _draws(item: Experiment, found: Found, path: Any) -> bool:
    pytest.importorskip("matplotlib")
    return plots.write(item, found, path) and path.read_text().startswith("<?xml")


def _is_cumulative(points: list[list[float]]) -> bool:
    """Return whether values and shares ascend to 1."""
    rises = all(a[0] <= b[0] and a[1] < b[1] for a, b in pairwise(points))
    return rises and points[-1][1] == 1 and len(points) <= latency.POINTS


def test_latency_counts_each_model_and_each_call(workloads: dict[str, Workload], tmp_path: Any) -> None:
    found, section = _measured(latency.EXPERIMENT, workloads)
    for kind, one in found["kinds"].items():
        assert one["models"] == len(workloads[kind].members)
        for over, count in (("cold", TEN.models), ("hot", TEN.models), ("calls", latency.POINTS)):
            for side in ("ours", "theirs"):
                assert len(one["curves"][over][side]) == count
                assert _is_cumulative(one["curves"][over][side])
                ordered = list(one[over][side].values())
                assert ordered == sorted(ordered)
        assert f"### {kind}, {TEN.models} models" in section
    assert found["targets"].keys() == {"SA hot P99", "AC hot P99"}
    assert _draws(latency.EXPERIMENT, found, tmp_path / "plot.svg")


def test_a_missed_latency_names_its_cause(workloads: dict[str, Workload]) -> None:
    sides = {side: dict.fromkeys(latency.QUANTILES, value) for side, value in (("ours", 2.0), ("theirs", 20.0))}
    one = {"models": 3, "slowest": {"parts": ["w3 c3"], "ours": 2.0, "theirs": 20.0}, "processor": sides}
    section = latency.as_markdown({"kinds": {"SA": one | dict.fromkeys(latency.OVER, sides)}})
    assert "**Missed**" in section and "w3 c3, where Pretzel gains less" in section


def test_throughput_has_a_line_for_each_size_and_number_of_cores(workloads: dict[str, Workload], tmp_path: Any) -> None:
    found, section = _measured(throughput.EXPERIMENT, workloads)
    for one in found["kinds"].values():
        cores = {line["cores"] for line in one["lines"]}
        assert [line["batch"] for line in one["lines"]] == list(throughput.BATCHES) * len(cores)
        assert all(line["ours"] > 0 and line["theirs"] > 0 for line in one["lines"])
    assert "the paper, rows/s" in section
    assert found["targets"].keys() == {"SA throughput", "AC throughput"}
    assert _draws(throughput.EXPERIMENT, found, tmp_path / "plot.svg")


def test_materialization_states_the_rate_of_hits(workloads: dict[str, Workload], tmp_path: Any) -> None:
    found, section = _measured(materialization.EXPERIMENT, workloads)
    families = len({member.parts for member in workloads["SA"].members})
    assert found["features"]["same"]["hit_rate"] == pytest.approx(1 - families / TEN.models)
    assert found["features"]["own"]["hit_rate"] == 0
    assert found["stages"]["SA"]["shared"] > 0
    assert {one["same_row_hit_rate"] for one in found["answers"].values()} == {0}
    for one in found["features"].values():
        assert _is_cumulative(one["curves"]["whole"]) and _is_cumulative(one["curves"]["kept"])
    assert "2.0x" in section
    assert _draws(materialization.EXPERIMENT, found, tmp_path / "plot.svg")


def test_fan_out_asks_growing_parts_and_all(workloads: dict[str, Workload], tmp_path: Any) -> None:
    found, section = _measured(fan_out.EXPERIMENT, workloads)
    counts = [line["models"] for line in found["siblings"]]
    assert counts == sorted(set(counts)) and counts[0] == 1
    assert found[ALL]["models"] == TEN.models
    assert f"{TEN.models}, of {found['families']} families" in section
    assert _draws(fan_out.EXPERIMENT, found, tmp_path / "plot.svg")


def test_a_failure_apart_is_told_in_a_line() -> None:
    with pytest.raises(RuntimeError, match="TypeError"):
        apart.run(divmod, 1, progress=lambda text: None)
