"""Results: quantiles with failures, warnings, comparisons, plots, figures of servers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pretzel.errors import InputError, UnavailableError
from pretzel.loadgen import metrics
from pretzel.loadgen.comparing import compare, different_loads, read_result
from pretzel.loadgen.plot import svg, write_plot
from pretzel.loadgen.result import of_run, warnings
from pretzel.loadgen.schedule import Load
from pretzel.loadgen.tally import Tally

LOAD = Load(seconds=10, warm_up=1, rate=100)


def tally(answers: int, failures: int, late: float = 0.0) -> Tally:
    counted = Tally([1], start=100.0)
    counted.answered([(100.0 + i / 100, 0) for i in range(answers)], 110.0)
    for i in range(failures):
        counted.fail(100.0 + i / 100, "RESOURCE_EXHAUSTED", "full", 100.0 + i / 100)
    counted.sent([100.0] * (answers + failures), 100.0 + late)
    counted.answered([(99.0, 0)], 110.0)  # of the warm-up
    counted.finish()
    return counted


def test_failures_are_not_fast_answers():
    result = of_run(LOAD, tally(970, 30), None, 0.5)
    assert (result["calls"], result["failures"]) == (970, 30)
    assert result["statuses"] == {"OK": 970, "RESOURCE_EXHAUSTED": 30}
    assert result["latency_ms"]["p99"] < 1e4
    assert result["latency_with_failures_ms"]["p90"] > result["latency_ms"]["p90"]
    assert result["latency_with_failures_ms"]["p99"] is None  # such a call has no answer
    assert result["failed_after_ms"]["max"] == 0
    assert result["generator"]["cpu_us_per_call"] == 500
    assert "3.00% of the calls failed" in warnings(result)[0]


def test_a_late_generator_says_so():
    assert warnings(of_run(LOAD, tally(100, 0), None, 0)) == []
    (warning,) = warnings(of_run(LOAD, tally(100, 0, late=0.02), None, 0))
    assert warning.startswith("calls were sent late (p99 19.9") and "the generator was too slow" in warning


def test_a_run_without_answers_names_the_first_failure():
    with pytest.raises(InputError, match="no call succeeded; 5 ended with RESOURCE_EXHAUSTED: full"):
        of_run(LOAD, tally(0, 5), None, 0)
    with pytest.raises(InputError, match="no call was due in the measured time; increase --seconds or --rate"):
        of_run(LOAD, tally(0, 0), None, 0)


def result(rate: float, p99: float | None, **more: Any) -> dict[str, Any]:
    latency = {"p50": 1.0, "p99": p99}
    return {"calls_per_second": rate, "failures": 0, "latency_ms": latency, "curve": [], "method": "m"} | more


def test_a_comparison():
    one, other = result(100.0, 2.0, server={"cpu_seconds": 4.0}), result(150.0, None, server={"cpu_seconds": 2.0})
    rows = {name: values for name, *values in compare(one, other)}
    assert rows["calls_per_second"] == [100.0, 150.0, 1.5]
    assert rows["latency_ms p99"] == [2.0, None, None]
    assert rows["failures"] == [0, 0, None]
    assert rows["server cpu_seconds"] == [4.0, 2.0, 0.5]
    assert different_loads(one, other) == []
    assert different_loads(one, other | {"method": "n"}) == ["method (m, n)"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"latency_ms": {}}'])
def test_files_without_a_result_are_rejected(tmp_path: Path, text: str):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=r"a.json: expected the JSON of a run.*--out FILE"):
        read_result(tmp_path / "a.json")
    (tmp_path / "a.json").write_text(json.dumps(result(1, 2)))
    assert read_result(tmp_path / "a.json") == result(1, 2)


@pytest.mark.parametrize("curves", [{}, {"a & <b>": [(0.0, 1.0), (0.5, 2.5), (1.0, 120.0)], "b": [(0.5, 0.0)]}])
def test_a_plot_is_xml_with_a_line_for_each_run(tmp_path: Path, curves: dict):
    write_plot(tmp_path / "p.svg", curves)
    text = (tmp_path / "p.svg").read_text()
    assert text == svg(curves)
    root = ElementTree.fromstring(text)
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == len(curves)
    places = np.array([point.split(",") for line in lines for point in line.attrib["points"].split()], float)
    assert ((places >= 0) & (places <= 720)).all()
    assert all(name in "".join(root.itertext()) for name in curves)


BEFORE = """# HELP pretzel_request_seconds Time.
pretzel_request_seconds_sum{method="Predict",model="m"} 1.0
pretzel_request_seconds_count{method="Predict",model="m"} 10.0
pretzel_processor_seconds_total 2.0
"""
AFTER = """pretzel_request_seconds_sum{method="Predict",model="m"} 1.5
pretzel_request_seconds_count{method="Predict",model="m"} 50.0
pretzel_request_seconds_sum{method="Predict",model="n a"} 0.1
pretzel_request_seconds_count{method="Predict",model="n a"} 10.0
pretzel_processor_seconds_total 2.5
pretzel_process_bytes 1e6
odd NaN
odder x
"""


def test_figures_of_a_server():
    figures = metrics.between(metrics.parse(BEFORE), metrics.parse(AFTER))
    assert figures == {
        "calls": 50,
        "mean_latency_ms": 12.0,
        "cpu_seconds": 0.5,
        "cpu_us_per_call": 10000.0,
        "resident_bytes": 1_000_000,
    }
    assert metrics.between({}, metrics.parse("up 1\n")) == {}


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/metrics", "nonsense"])
async def test_unreachable_metrics_are_named(url: str):
    with pytest.raises(UnavailableError, match=f"--metrics {url}: "):
        await metrics.scrape(url)
