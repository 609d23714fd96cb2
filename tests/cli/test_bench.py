"""The load generator: its requests, its loads, its files, and its errors."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
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
    ("content", "problem"),
    [
        ("", "expected rows, got none"),
        ("1,2,3\n", "takes 2 columns, and the file has 3"),
        ("-999,-999\n", "x.csv: line 1: refused"),
    ],
)
def test_unusable_rows_are_reported(run, worker, tmp_path: Path, content: str, problem: str):
    (tmp_path / "x.csv").write_text(content)
    ran = run("bench", "m", tmp_path / "x.csv", "--seconds", "0.1")
    assert (ran.code, problem in ran.err) == (3, True), ran.err


def test_an_open_loop_of_several_models(run, worker, tmp_path: Path):
    (tmp_path / "models").write_text("wide\n\nm\n")
    options = ["--rate", "200", "--arrivals", "bursts", "--burst", "4", "--seconds", "0.3", "--warm-up", "0.1"]
    mix = ["--models", tmp_path / "models", "--zipf", "1", "--rows", "1:0.5,3:0.5", "--slo", "10000"]
    result = run("bench", "m", *options, *mix, "--json").json
    assert (result["models"], result["load"], result["failures"]) == (2, "open loop, bursts", 0)
    assert result["rows"] == {"1": 0.5, "3": 0.5}
    assert result["calls"] == result["generator"]["scheduled"] and result["calls"] % 4 == 0
    assert result["goodput"] >= result["calls_per_second"]


def test_a_trace_and_a_comparison(run, worker, tmp_path: Path):
    trace, one, other, plot = (tmp_path / name for name in ("t", "a.json", "b.json", "p.svg"))
    trace.write_text("0,m,1\n0.05,wide,2\n0.1,m,1\n")
    for out in (one, other):
        assert run("bench", "--trace", trace, "--out", out, "--plot", plot).code == 0
        ElementTree.parse(plot)
    assert json.loads(one.read_text())["calls"] == 3
    ran = run("bench", "compare", one, other, "--plot", plot)
    assert ran.code == 0 and "latency ms p99" in ran.out
    assert len(ElementTree.parse(plot).findall("{http://www.w3.org/2000/svg}polyline")) == 2
    assert run("bench", "compare", one, other, "--json").json["failures"] == {"a": 0, "b": 0, "ratio": None}
    assert run("bench", "m", "--seconds", "0.1", "--out", other).code == 0
    assert "the loads differ: " in run("bench", "compare", one, other).err


def test_failures_are_warned_of(run, worker):
    import grpc

    ok = [None] * 8
    worker.failures = iter([*ok, grpc.StatusCode.RESOURCE_EXHAUSTED])
    ran = run("bench", "m", "--seconds", "0.3", "--concurrency", "1", "--json")
    assert ran.json["statuses"]["RESOURCE_EXHAUSTED"] == 1
    assert ran.json["messages"] == {"RESOURCE_EXHAUSTED": "the service says RESOURCE_EXHAUSTED"}
    assert "of the calls failed" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["nothing"], 4, "no model 'nothing'"),
        (["m", "--method", "nothing"], 4, "model 'm' has no output 'nothing'; it has predict, "),
        ([], 2, "name a model: NAME, --models or --trace"),
        (["m", "--protocol", "soap"], 2, "--protocol 'soap': expected pretzel, oip, oip-rest"),
        (["m", "--rows", "x"], 3, "rows 'x': expected SIZE or SIZE:SHARE"),
        (["m", "--rate", "0"], 3, "rate 0.0: expected calls per second above 0"),
        (["m", "--rate", "9", "--arrivals", "waves"], 3, "arrivals 'waves': expected poisson, even, bursts"),
        (["m", "--trace", "TRACE"], 2, "--trace names the models and times"),
        (["--trace", "TRACE"], 3, "line 2: expected seconds,model,rows, got 'nonsense'"),
        (["m", "--protocol", "oip"], 5, "another service answers"),
        (["m", "--protocol", "oip-rest"], 5, "check the address and --protocol"),
        (["m", "--metrics", "http://127.0.0.1:1/"], 5, "--metrics http://127.0.0.1:1/: "),
        (["m", "--server", "127.0.0.1:1", "--timeout", "1"], 5, "127.0.0.1:1"),
        (["compare", "TRACE", "TRACE"], 3, "expected the JSON of a run"),
    ],
)
def test_mistakes_end_in_one_line(run, worker, tmp_path: Path, arguments: list[str], code: int, problem: str):
    (tmp_path / "t").write_text("0,m,1\nnonsense\n")
    ran = run("bench", *(str(tmp_path / "t") if argument == "TRACE" else argument for argument in arguments))
    assert ran.code == code, ran.err
    assert problem in ran.err
    assert sum(line.startswith("error: ") for line in ran.err.splitlines()) == 1
