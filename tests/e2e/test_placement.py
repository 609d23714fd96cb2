"""Hints and placement with a control plane and three workers as processes: each holds its part of the parameters."""

from __future__ import annotations

import contextlib
import json
import operator
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import pretzel
from benchmarks.scale.siblings import Family
from pretzel.cli import main
from pretzel.errors import InputError, NotFoundError, UnavailableError
from pretzel.plan.hints import Hints
from tests.e2e.servers import Server, server
from tests.e2e.up import until

FAMILIES, SIBLINGS = 8, 3
X = np.random.default_rng(0).normal(size=(20, 3))
LABELS = {"a": "tier=fast,zone=x", "b": "tier=slow,zone=y", "c": "tier=slow,zone=z"}


@dataclass
class System:
    control: Server
    workers: dict[str, Server]
    families: list[Family]

    def plane(self) -> pretzel.ControlPlane:
        return pretzel.ControlPlane(self.control.address, timeout=60)

    def client(self, worker: str) -> pretzel.Client:
        return pretzel.Client(self.workers[worker].address, timeout=60)

    def gauge(self, worker: str, name: str) -> float:
        url = f"http://127.0.0.1:{self.workers[worker].facts['metrics_port']}/metrics"
        with urllib.request.urlopen(url, timeout=10) as page:
            lines = page.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))

    def names(self) -> list[str]:
        return [f"text-{family}-{i}" for family in range(len(self.families)) for i in range(SIBLINGS)]

    def warm(self) -> dict[str, list[str]]:
        """Return the workers that keep each model loaded."""
        with self.plane() as plane:
            return {name: [one.name for one in plane.where(name) if one.warm] for name in self.names()}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    directory = tmp_path_factory.mktemp("placement")
    with contextlib.ExitStack() as stack:
        settings = {"data_dir": directory / "data", "control_port": 0, "control_metrics_port": 0}
        spread = {"spread": 1, "report_seconds": 1}
        control = stack.enter_context(server("control-plane", directory / "control", **settings, **spread))
        workers = {
            name: stack.enter_context(_worker(directory / name, control, name, labels))
            for name, labels in LABELS.items()
        }
        system = System(control, workers, [Family.fitted(1000 + 40 * i) for i in range(FAMILIES)])
        with system.plane() as plane:
            for family, one in enumerate(system.families):
                for i in range(SIBLINGS):
                    plane.deploy(f"text-{family}-{i}", one.sibling(i))
        yield system


def _worker(directory: Path, control: Server, name: str, labels: str) -> contextlib.AbstractContextManager[Server]:
    ports = {"port": 0, "metrics_port": 0, "http": "off", "report_seconds": 1}
    own = {"cache_dir": directory / "cache", "control_plane": control.address, "worker": name, "labels": labels}
    return server("worker", directory, **own, **ports)


@pytest.fixture
def cli(system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Return a function that runs a command, and returns its exit code and what it printed."""
    monkeypatch.setenv("PRETZEL_CONTROL_PLANE", system.control.address)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def texts(system: System) -> Iterator[tuple[str, str]]:
    """Yield each model with a text for it."""
    for family, one in enumerate(system.families):
        for i in range(SIBLINGS):
            yield f"text-{family}-{i}", one.text


def settled(system: System, compare: Callable[[float, float], bool] = operator.ge) -> bool:
    """Return whether every worker has loaded what is placed on it, and with ``eq`` nothing else."""
    with system.plane() as plane:
        placed = {one.name: one.placed for one in plane.workers().workers}
        models = len(plane.models())
    return sum(placed.values()) == models and all(
        compare(system.gauge(name, "pretzel_resident_plans"), placed[name]) for name in placed
    )


def test_each_worker_holds_its_part_and_answers_for_all(system: System):
    until(lambda: settled(system, operator.eq), "every model is loaded where it is placed, and nowhere else")
    warm = system.warm()
    assert all(len(workers) == 1 for workers in warm.values())
    assert {*sum(warm.values(), [])} == {"a", "b", "c"}
    together = [len({warm[f"text-{family}-{i}"][0] for i in range(SIBLINGS)}) for family in range(FAMILIES)]
    assert sum(together) <= 1.5 * FAMILIES, "siblings lie together, except where a worker was full"
    parts = {name: system.gauge(name, "pretzel_resident_bytes") for name in system.workers}
    for worker in system.workers:
        with system.client(worker) as client:
            for name, text in texts(system):
                assert client.predict(name, [text]).shape == (1,)
    whole = min(system.gauge(name, "pretzel_resident_bytes") for name in system.workers)
    assert max(parts.values()) < 0.6 * whole, (parts, whole)
    assert sum(parts.values()) < 1.5 * whole, (parts, whole)


def test_other_workers_refuse_a_model_and_fetch_nothing_of_it(system: System):
    estimator = LinearRegression().fit(X, X[:, 0])
    with system.plane() as plane:
        plane.deploy("linear", estimator, sample=X)
        assert plane.hints("linear", workers="tier=fast").hints.workers == "tier=fast"
        assert [one.name for one in plane.where("linear")] == ["a"]
        fetched = system.gauge("b", "pretzel_fetched_bytes_total")
        plane.deploy("linear", LinearRegression().fit(X, X[:, 1] * 2), sample=X)  # waits for the one worker
        plane.deploy("later", LinearRegression().fit(X, X[:, 2]), sample=X)  # for all: they have the revision then
        with system.client("a") as client:
            assert np.allclose(client.predict("linear", X[:2]), X[:2, 1] * 2)
        with (
            system.client("b") as client,
            pytest.raises(UnavailableError, match="only workers with the labels") as error,
        ):
            client.predict("linear", X[:2], timeout=5)
        assert "pretzel where linear" in str(error.value)
        assert system.gauge("b", "pretzel_fetched_bytes_total") - fetched < 20_000, "the other model alone"
        plane.hints("linear", workers="")
        plane.deploy("later", LinearRegression().fit(X, X[:, 2] * 3), sample=X)
        with system.client("b") as client:
            assert np.allclose(client.predict("linear", X[:2]), X[:2, 1] * 2)


def test_a_pinned_model_is_loaded_on_its_workers_alone(system: System):
    with system.plane() as plane:
        plane.deploy("pinned", LinearRegression().fit(X, X[:, 0] * 7), sample=X)
        plane.hints("pinned", pin=True, replicas=2, workers="zone")
        until(lambda: sum(one.warm for one in plane.where("pinned")) == 2, "two workers keep it")
        warm = [one for one in plane.where("pinned") if one.warm]
        assert len({one.labels["zone"] for one in warm}) == 2
        described = plane.describe("pinned")
        assert (described.hints.pin, described.hints.replicas, described.hints.workers) == (True, 2, "zone")
        plane.delete("pinned", force=True)


def test_the_commands(system: System, cli: Callable[..., Any]):
    code, out, _ = cli("hints", "text-0-0", "--replicas", 2, "--workers", "tier in (fast, slow)")
    assert (code, "tier in (fast, slow)" in out, "2" in out) == (0, True, True)
    code, out, _ = cli("hints", "text-0-0", "--json")
    assert json.loads(out)["hints"] == {"pin": False, "replicas": 2, "workers": "tier in (fast, slow)"}
    assert "2 replicas, workers tier in (fast, slow)" in cli("describe", "text-0-0")[1]
    code, out, _ = cli("where", "text-0-0", "--json")
    assert (code, {one["worker"] for one in json.loads(out)}) == (0, {"a", "b", "c"})
    assert "tier=fast, zone=x" in cli("where", "text-0-0")[1]
    assert "tier=slow, zone=y" in cli("workers")[1]
    assert cli("hints", "text-0-0", "--replicas", 0, "--workers", "", "--no-pin")[0] == 0
    code, _, err = cli("hints", "text-0-0", "--workers", "a=b=c")
    assert (code != 0, "malformed" in err) == (True, True)


def test_a_manifest_sets_hints(system: System, cli: Callable[..., Any], tmp_path: Path):
    joblib.dump(LinearRegression().fit(X, X[:, 0]), tmp_path / "applied.joblib")
    manifest = tmp_path / "models.yaml"

    def apply(hints: str) -> tuple[str, Hints]:
        manifest.write_text(f"models: [{{name: applied, file: applied.joblib, {hints}}}]")
        code, out, err = cli("apply", "-f", manifest, "--json")
        assert code == 0, err
        with system.plane() as plane:
            return json.loads(out)[0]["state"], plane.model("applied").hints

    assert apply("replicas: 2, workers: zone") == ("new", Hints(False, 2, "zone"))
    assert apply("replicas: 2, workers: zone") == ("same", Hints(False, 2, "zone"))
    assert apply("pin: true") == ("hints changed", Hints(True, 2, "zone"))
    assert apply("replicas: 0, pin: false, workers: ''") == ("hints changed", Hints())


def test_refusals(system: System):
    with system.plane() as plane:
        with pytest.raises(InputError, match="nothing to change"):
            plane.hints("text-0-0")
        with pytest.raises(InputError, match="0 to 100"):
            plane.hints("text-0-0", replicas=101)
        with pytest.raises(NotFoundError, match="nothing"):
            plane.hints("nothing", pin=True)
        with pytest.raises(NotFoundError, match="nothing"):
            plane.where("nothing")


def test_models_of_a_killed_worker_become_warm_on_others(system: System):
    """Last: it has one worker less afterwards."""
    until(lambda: settled(system), "every model is loaded where it is placed")
    before = system.warm()
    lost = next(name for name in ("b", "c") if any(workers == [name] for workers in before.values()))
    system.workers.pop(lost).kill()
    until(lambda: not any(lost in workers for workers in system.warm().values()), "the others take over")
    until(lambda: settled(system), "and load what they took over")
    after = system.warm()
    assert all(len(workers) == 1 for workers in after.values())
    for name, workers in before.items():
        if workers != [lost]:
            assert {*after[name]} <= {*system.workers}
    with system.plane() as plane, system.client(after["text-0-0"][0]) as client:
        assert client.predict("text-0-0", [system.families[0].text]).shape == (1,)
        assert all(one.name != lost for one in plane.workers().workers)
