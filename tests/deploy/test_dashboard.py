"""The dashboard is one that Grafana reads, and it and the alerts ask for metrics that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.deploy.manifests import DEPLOY
from tests.deploy.test_operations import section

DASHBOARD = DEPLOY / "grafana/pretzel.json"
ALERTS = DEPLOY / "prometheus/alerts.yaml"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: apt-get install prometheus")
UNITS = {"reqps", "rowsps", "ops", "s", "bytes", "short", "percentunit"}


def differences(given: Any, read: Any, path: str = "") -> Iterator[str]:
    """Yield what a reader changed or left out; what it adds are defaults."""
    if isinstance(given, dict) and isinstance(read, dict):
        for name, value in given.items():
            if name in read:
                yield from differences(value, read[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}: unknown"
    elif isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        for i, (one, other) in enumerate(zip(given, read, strict=True)):
            yield from differences(one, other, f"{path}[{i}]")
    elif given != read:
        yield f"{path}: {given!r} is read as {read!r}"


def as_read(dashboard: dict[str, Any]) -> Any:
    """Return a dashboard as the types read it that are generated from Grafana's own schema."""
    plugins.register_default_plugins()
    return json.loads(json.dumps(Dashboard.from_json(dashboard), cls=JSONEncoder))


def panels() -> list[dict[str, Any]]:
    return list(json.loads(DASHBOARD.read_text())["panels"])


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel.get("targets", [])]


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def test_grafana_knows_every_field_of_the_dashboard():
    dashboard = json.loads(DASHBOARD.read_text())
    assert list(differences(dashboard, as_read(dashboard))) == []


def test_a_field_that_grafana_does_not_know_is_found():
    dashboard = json.loads(DASHBOARD.read_text())
    dashboard["panels"][0]["gridpos"] = dashboard["panels"][0]["gridPos"]
    assert list(differences(dashboard, as_read(dashboard))) == [".panels[0].gridpos: unknown"]


def test_panels_lie_side_by_side_without_overlap():
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels())
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(x < 24 for x, _ in cells)
    assert len({panel["id"] for panel in panels()}) == len(panels())
    assert {panel["fieldConfig"]["defaults"]["unit"] for panel in panels() if panel["type"] != "row"} <= UNITS


def test_only_documented_metrics_are_asked_for():
    documented = set(re.findall(r"`(pretzel_\w+)", section("Metrics")))
    queries = json.loads(DASHBOARD.read_text())["templating"]["list"][1:]
    asked = [*expressions(), *(variable["query"]["query"] for variable in queries), *(rule["expr"] for rule in rules())]
    names = {name for text in asked for name in re.findall(r"\bpretzel_\w+", text)}
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) if name not in documented else name for name in names}
    assert len(bare) > 25
    assert bare - documented == set()


def check_rules(path: Path) -> None:
    result = subprocess.run([str(PROMTOOL), "check", "rules", str(path)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


@needs_promtool
def test_prometheus_reads_the_alerts_and_the_expressions_of_the_dashboard(tmp_path: Path):
    check_rules(ALERTS)
    shown = [re.sub(r"\$__rate_interval", "5m", text) for text in expressions()]
    recorded = [{"record": f"panel:{i}", "expr": text} for i, text in enumerate(shown)]
    path = tmp_path / "panels.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    check_rules(path)


SERIES = {
    "PretzelInternalErrors": ({'pretzel_errors_total{instance="w",model="m",code="INTERNAL"}': "0x5 1x5"}, "10m"),
    "PretzelManyErrors": (
        {
            'pretzel_errors_total{instance="w",model="m",code="UNAVAILABLE"}': "0+10x30",
            'pretzel_request_seconds_count{instance="w",model="m"}': "0+60x30",
        },
        "25m",
    ),
    "PretzelOverloaded": ({'pretzel_rejected_total{instance="w",reason="delay"}': "0+600x30"}, "20m"),
    "PretzelSlowCalls": (
        {
            'pretzel_request_seconds_bucket{instance="w",le="0.25"}': "0+60x30",
            'pretzel_request_seconds_bucket{instance="w",le="0.5"}': "0+90x30",
            'pretzel_request_seconds_bucket{instance="w",le="+Inf"}': "0+90x30",
        },
        "25m",
    ),
    "PretzelWorkerDisconnected": ({'pretzel_control_plane_connected{instance="w"}': "0x20"}, "10m"),
    "PretzelModelsHeldBack": ({'pretzel_models_held_back{instance="w"}': "2x20"}, "10m"),
    "PretzelEpochHeld": ({'pretzel_epoch_held{instance="w"}': "1x20"}, "10m"),
    "PretzelProcessesRestart": ({'pretzel_process_restarts_total{instance="w"}': "0x5 4x20"}, "10m"),
    "PretzelPlansEvicted": (
        {
            'pretzel_evictions_total{instance="w"}': "0+120x60",
            'pretzel_load_seconds_count{instance="w"}': "0+120x60",
        },
        "45m",
    ),
    "PretzelRequestsNotLogged": (
        {
            'pretzel_request_log_dropped_total{instance="w"}': "0x5 3x20",
            'pretzel_request_log_failures_total{instance="w"}': "0x25",
        },
        "10m",
    ),
    "PretzelBackgroundTaskFails": ({'pretzel_background_failing{instance="w",task="pull"}': "1x20"}, "10m"),
    "PretzelDamagedObjects": ({'pretzel_damaged_objects_total{instance="w"}': "0x5 1x20"}, "10m"),
    "PretzelLostObjects": ({'pretzel_control_lost_objects{instance="c"}': "1x20"}, "5m"),
}
"""For each alert, series in steps of a minute that raise it, and a time at which it is raised."""
QUIET = {re.sub(r'"INTERNAL"', '"NOT_FOUND"', name): "0x60" for series, _ in SERIES.values() for name in series}
QUIET['pretzel_control_plane_connected{instance="w"}'] = "1x60"


@needs_promtool
def test_each_alert_is_raised_by_its_cause_and_none_without(tmp_path: Path):
    assert {rule["alert"] for rule in rules()} == SERIES.keys()

    def case(name: str, series: dict[str, str], at: str, *, raised: bool) -> dict[str, Any]:
        asked = {"eval_time": at, "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)'}
        asked["exp_samples"] = [{"labels": "{}", "value": int(raised)}]  # type: ignore[assignment]
        inputs = [{"series": one, "values": values} for one, values in series.items()]
        return {"interval": "1m", "input_series": inputs, "promql_expr_test": [asked]}

    cases = [case(name, series, at, raised=True) for name, (series, at) in SERIES.items()]
    cases += [case(name, QUIET, "50m", raised=False) for name in SERIES]
    path = tmp_path / "tests.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": cases}))
    result = subprocess.run([str(PROMTOOL), "test", "rules", str(path)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
