"""Growth and processor seconds: shapes, fits and what is drawn; times are not asserted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pretzel
from benchmarks.paper import peaks, plots, series
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments import energy, growth
from benchmarks.paper.experiments.growth import exponent
from benchmarks.paper.sizes import SIZES
from benchmarks.paper.workloads import Workload
from benchmarks.paper.workloads.keeping import NAMES, workload

TEN = replace(SIZES["ten"], seconds=0.02)


@pytest.fixture(scope="module")
def workloads(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Workload]:
    folder = tmp_path_factory.mktemp("growing")
    return {name: workload(name, replace(TEN, models=5), folder / name) for name in NAMES}


def measured(experiment: Experiment, workloads: Mapping[str, Workload], tmp_path: Path) -> tuple[Found, str]:
    said: list[str] = []
    found = json.loads(json.dumps(experiment.measure(Context(TEN, workloads, said.append))))
    assert said and all("\n" not in line for line in said)
    plots.write(experiment, found, tmp_path / "plot.svg")
    return found, experiment.table(found)


def test_growth_has_curves_of_both_sides(workloads: Mapping[str, Workload], tmp_path: Path) -> None:
    found, page = measured(growth.EXPERIMENT, workloads, tmp_path)
    sizes: dict[tuple[str, str, str], list[float]] = {}
    for curve in found["curves"]:
        sizes[curve["axis"], curve["workload"], curve["kind"]] = [point[0] for point in curve["points"]]
        assert all(len(point) == 3 for point in curve["points"]) and len(curve["exponents"]) == 2
        if curve["kind"] == "time":
            assert all(value > 0 for point in curve["points"] for value in point)
            assert None not in curve["exponents"]
    for name in NAMES:
        assert sizes["rows", name, "time"] == [1, 10, 100] and sizes["rows", name, "memory"] == [10, 100]
        assert sizes["models", name, "time"] == sizes["models", name, "memory"] == [1, 2, 5]
    assert sizes["trees", "AC", "time"] == sizes["trees", "AC", "memory"] == list(series.TREES_SOON)
    assert len(sizes["terms", "SA", "time"]) == series.POINTS and len(sizes) == 12
    assert "| trees | AC | time of one row |" in page and "exponent" in page
    assert any(name.startswith("SA, exponent of the time") for name in found["headline"])


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 2.0])
def test_exponents_are_those_of_powers(slope: float) -> None:
    assert exponent([(x, 3.0 * x**slope) for x in (1.0, 10.0, 100.0)]) == pytest.approx(slope, abs=1e-9)
    assert exponent([(10.0, 1.0)]) is None


def test_a_steeper_curve_is_stated() -> None:
    points = [(1.0, 1.0, 8.0), (10.0, 10.0, 16.0)]
    steep = growth._curve("rows", "SA", "time", "one call", points)
    (behind,) = growth._concluded([steep])["behind"]
    assert "ours is 1, scikit-learn's 0.301" in behind and "1.6 times ours" in behind
    assert not growth._concluded([growth._curve("rows", "SA", "time", "one call", [(1, 1, 1), (10, 1, 10)])])["behind"]


def test_memory_of_few_pages_is_not_fitted() -> None:
    points = [(1.0, 4096.0, 1e6), (10.0, 8192.0, 1e7)]
    assert growth._curve("rows", "SA", "memory", "one call", points)["exponents"] == [None, pytest.approx(1.0)]


def test_series_differ_in_size_and_answer_as_the_library(workloads: Mapping[str, Workload], tmp_path: Path) -> None:
    for name, make in (("SA", series.dictionaries), ("AC", series.forests)):
        rows, sizes = workloads[name].rows, []
        for size, member in make(workloads[name], tmp_path):
            estimator = member.estimator()
            sizes.append((size, member.definition.stat().st_size))
            last = estimator[-1]
            assert size == (last.coef_.shape[1] if name == "SA" else len(last.estimators_))
            np.testing.assert_allclose(pretzel.load(member.definition).predict(rows), estimator.predict(rows))
        assert sizes == sorted(sizes) and len(set(sizes)) == len(sizes) > 3


def test_peaks_grow_with_rows(workloads: Mapping[str, Workload], tmp_path: Path) -> None:
    made = workloads["AC"]
    few, many = peaks.by_rows(made.members[1], made.rows, [1, 50_000], tmp_path)
    rows = 50_000 * 8
    assert few[0] < rows and few[1] < many[1] and many[0] >= rows <= many[1]  # the answers, at least
    with pytest.raises(RuntimeError, match="a model cannot be called: .*"):
        peaks.by_rows(replace(made.members[1], definition=tmp_path / "none"), made.rows, [1], tmp_path)


def test_energy_has_both_sides(workloads: Mapping[str, Workload], tmp_path: Path) -> None:
    found, page = measured(energy.EXPERIMENT, workloads, tmp_path)
    assert list(found["seconds"]) == list(NAMES) and min(found["models"].values()) > 0
    for batches in found["seconds"].values():
        assert list(batches) == ["1", "1000"] and all(seconds > 0 for pair in batches.values() for seconds in pair)
    assert page.count("1,000 rows a call") == 2 and len(found["headline"]) == 4


def test_more_processor_seconds_are_stated() -> None:
    found = {"seconds": {"SA": {"1": [2.0, 1.0], "1000": [1.0, 2.0]}}, "models": {"SA": 1}}
    assert energy._behind(found) == ["SA, one row a call: Pretzel takes 2 times the processor seconds of scikit-learn."]
