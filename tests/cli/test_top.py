"""`pretzel top`, from the metrics that a worker exports."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from pretzel.cli.top.looking import look
from pretzel.cli.top.rates import Look, loads
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.measure.metrics import families

NO_TLS = {"tls_ca": None, "tls_cert": None, "tls_key": None}


class Exported:
    """Serves the metrics of a tally, as a worker does."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.body: bytes | None = None
        self.before_answer = lambda: None

    def collect(self) -> Any:
        gauges = {"process_bytes": 80 << 20, "resident_bytes": 30 << 20, "resident_plans": 2, "running": 1, "queued": 0}
        return families([self.tally.snapshot() | {"gauges": gauges}], {}, {})

    def text(self) -> bytes:
        self.before_answer()
        registry = CollectorRegistry()
        registry.register(self)  # type: ignore[arg-type]
        return self.body if self.body is not None else generate_latest(registry)

    def call(self, model: str, *seconds: float, rows: int = 1, method: str = "Predict") -> None:
        calls = self.tally.calls(method, model)
        for one in seconds:
            calls.observe(one)
            calls.rows += rows


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[Exported]:
    served = Exported()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(served.text())

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PRETZEL_METRICS", f"http://127.0.0.1:{server.server_port}/metrics")
    monkeypatch.setenv("COLUMNS", "80")
    yield served
    server.shutdown()
    server.server_close()


def test_models_by_load(run, control, exported: Exported):
    exported.call("a", *[0.002] * 98, 0.2, 0.2, rows=10)
    exported.call("quick", *[0.0001] * 50)
    exported.call("quick", *[0.0001] * 10, method="infer")
    exported.tally.error("Predict", "quick", "INVALID_ARGUMENT")
    ran = run("top", "--once", "--interval", 0, "--json")
    assert ran.code == 0, ran.err
    first, second = ran.json["models"]
    assert (first["model"], first["calls_per_second"], first["rows_per_second"]) == ("a", 100, 1000)
    assert (first["parameter_bytes"], second["parameter_bytes"]) == (100, None)  # the control plane knows `a`
    assert (second["model"], second["calls_per_second"], second["errors_per_second"]) == ("quick", 60, 1)
    assert 0.001 < first["p50"] <= 0.0025 < first["p99"]
    assert (ran.json["resident_bytes"], ran.json["running"]) == (30 << 20, 1)


def test_the_screen_fits_80_columns(run, control, exported: Exported, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    exported.call("a" + "n" * 60 + "z", *[0.002] * 12345, rows=1000)
    exported.call("a", 123.0)
    out = run("top", "--once", "--interval", 0).out
    assert max(map(len, out.splitlines())) <= 80
    assert "12,346 calls/s, 0 errors/s, 1 running, 0 queued" in out
    assert "2 plans in memory: 30.0 MiB of 80.0 MiB of the workers" in out
    (row,) = [line for line in out.splitlines() if line.startswith("│ a ")]
    assert [cell.strip() for cell in row.split("│")[1:-1]] == ["a", "1", "1", "10.0 s", "10.0 s", "", "123 s", "100 B"]


def test_an_interval_counts_only_what_came_in_it(run, control, exported: Exported):
    exported.call("old", *[0.002] * 1000)
    looks = iter([lambda: None, lambda: exported.call("new", *[0.002] * 7)])
    exported.before_answer = lambda: next(looks)()
    (load,) = run("top", "--once", "--interval", 0.05, "--json").json["models"]
    assert load["model"] == "new" and 0 < load["calls_per_second"] < 7 / 0.05


def test_workers_are_added_and_a_restart_is_no_negative_rate(exported: Exported):
    url = os.environ["PRETZEL_METRICS"]
    exported.call("m", *[0.001] * 10)
    other = url.replace("127.0.0.1", "localhost")
    one, both = look([url], NO_TLS), look([url, other], NO_TLS)
    assert [loads(None, seen, 1.0)[0].calls_per_second for seen in (one, both)] == [10, 20]
    assert both.figure("resident_plans") == 4
    assert loads(both, one, 1.0) == []
    assert loads(one, Look(0.0), 1.0) == []
    exported.tally = Tally()  # it was restarted
    exported.call("m", *[0.001] * 3)
    assert [load.calls_per_second for load in loads(one, look([url], NO_TLS), 1.0)] == [3]


@pytest.mark.parametrize(
    ("body", "code", "problem"),
    [
        (b"<html>", 5, "these are not the metrics of a worker"),
        (b"# TYPE pretzel_rows counter\npretzel_rows_total{\n", 5, "metrics at http"),
        (b"", 5, "these are not the metrics of a worker"),
        (b"up 1\n", 5, "these are not the metrics of a worker"),
        (b"\xff", 5, "metrics at http"),
    ],
)
def test_other_pages(run, control, exported: Exported, body: bytes, code: int, problem: str):
    exported.body = body
    ran = run("top", "--once")
    assert (ran.code, problem in ran.err) == (code, True), ran.err


def test_addresses_that_are_wrong(run, control, exported: Exported):
    ran = run("top", "--metrics", "http://127.0.0.1:1/metrics", "--once")
    assert ran.code == 5 and "metrics at http://127.0.0.1:1/metrics: " in ran.err
    ran = run("top", "--metrics", "file:///etc/passwd", "--once")
    assert ran.code == 3 and "metrics at 'file:///etc/passwd': expected http://host:port/metrics" in ran.err
