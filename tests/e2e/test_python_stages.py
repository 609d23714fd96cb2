"""Steps that cannot be opened, from a deployment to answers: consent, siblings, and code that behaves ill."""

from __future__ import annotations

import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from pretzel.client import Client, ControlPlane
from pretzel.errors import DeadlineError, PreconditionError, PretzelError, UnavailableError
from pretzel.isolation.side import landlock, seccomp
from tests.e2e import own_steps as own
from tests.e2e.servers import Server, server

DICE = np.random.default_rng(0)
WORDS = [f"w{i}" for i in range(3000)]
TEXTS = [" ".join(DICE.choice(WORDS, 40)) + "!" * (i % 3) for i in range(200)]
X = DICE.normal(size=(40, 3))
Y = np.arange(200) % 2
OTHERS = 10
BAD = np.array([[own.TRIGGER, 0.0, 0.0]])
SECONDS = 1.0

confined = pytest.mark.skipif(
    not (landlock.version() and seccomp.is_known()), reason="the kernel has no Landlock, or no filter for this machine"
)


def planes(directory: Path, verify: str, run: str) -> Iterator[tuple[Server, Server]]:
    settings = {"data_dir": directory / "c" / "data", "control_port": 0, "control_metrics_port": 0}
    with server("control-plane", directory / "c", verify_python_stages=verify, **settings) as control:
        mine = {"cache_dir": directory / "w" / "cache", "control_plane": control.address, "port": 0, "metrics_port": 0}
        limits = {"python_seconds": SECONDS, "python_memory_bytes": "64MiB", "executor_threads": 2}
        with server("worker", directory / "w", python_stages=run, **mine, **limits) as worker:
            yield control, worker


@pytest.fixture(scope="module")
def consenting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    yield from planes(tmp_path_factory.mktemp("consenting"), "true", "true")


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    yield from planes(tmp_path_factory.mktemp("silent"), "off", "off")


def with_own(deed: Any = None) -> Any:
    return make_pipeline(StandardScaler(with_std=False), own.Own(deed), LogisticRegression()).fit(X, Y[:40])


def numbers(worker: Server) -> dict[str, float]:
    url = f"http://127.0.0.1:{worker.facts['metrics_port']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as page:
        text = page.read().decode()
    return {name: float(value) for name, value in re.findall(r"^pretzel_(\w+) (\S+)$", text, re.MULTILINE)}


@confined
@pytest.mark.parametrize("siblings", [4, pytest.param(20, marks=pytest.mark.long)])
def test_siblings_share_their_native_part_and_answer_like_the_library(
    consenting: tuple[Server, Server], siblings: int
) -> None:
    control, worker = consenting
    features = make_union(TfidfVectorizer().fit(TEXTS), FunctionTransformer(own.text_statistics))
    matrix = features.transform(TEXTS)
    models = {}
    with ControlPlane(control.address) as plane, Client(worker.address) as client:
        for i in range(siblings):
            head = LGBMClassifier(n_estimators=3, random_state=i, verbose=-1, n_jobs=1).fit(matrix, np.roll(Y, i // 2))
            models[f"sibling{i}"] = make_pipeline(features, head)
            version = plane.deploy(f"sibling{i}", models[f"sibling{i}"], sample=TEXTS[:50], python="isolated")
            assert version.metadata["verified"] and version.metadata["python_stages"]
        before = numbers(worker)["resident_bytes"]
        for name, model in models.items():
            expected = model.predict_proba(TEXTS[:20])
            np.testing.assert_allclose(client.predict_proba(name, TEXTS[:20]), expected, rtol=1e-9)
            assert client.predict(name, TEXTS[:5]).tolist() == model.predict(TEXTS[:5]).tolist()
        assert client.describe("sibling0").version.metadata["python"] == "true"
        assert client.predict_many(list(models), TEXTS[:2])["sibling3"].shape == (2, 2)
        explained = plane.explain("sibling0")
    alone = int(version.parameter_bytes)
    assert numbers(worker)["resident_bytes"] - before < siblings * alone / 2, "the dictionary is held once"
    assert numbers(worker)["python_calls_total"] >= 2 * siblings
    assert re.search(
        r"Python stages, each a hop .*transform: \S+ us per row, measured.*to open it", explained, re.DOTALL
    )


@confined
def test_a_hostile_zoo_hurts_no_other_model(consenting: tuple[Server, Server]) -> None:
    control, worker = consenting
    zoo = [own.loops, own.forks, own.fills_memory, own.writes, own.connects, own.kills_its_parent, own.kills_all]
    zoo += [own.closes_its_pipes, own.other_shape, own.other_type, own.raises, own.exits, own.faults, own.huge]
    with ControlPlane(control.address) as plane, Client(worker.address) as client:
        for deed in zoo:
            plane.deploy(deed.__name__, with_own(deed), sample=X, python="isolated", wait=False)
        plain = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y[:40])
        for i in range(OTHERS):
            plane.deploy(f"other{i}", plain, sample=X)
        expected = plain.predict_proba(X[:4]).tolist()
        with calling(worker, expected) as calls:
            for deed in zoo:
                seen = sum(calls)
                begun = time.monotonic()
                with pytest.raises(PretzelError, match="step pipeline.own: "):
                    client.predict(deed.__name__, BAD)
                assert time.monotonic() - begun < 10 * SECONDS
                assert client.predict(deed.__name__, X[:3]).tolist() == with_own().predict(X[:3]).tolist()
                assert sum(calls) > seen, "calls of others go on"
    assert min(calls) > 0
    assert numbers(worker)["python_timeouts_total"] >= 1
    assert numbers(worker)["python_crashes_total"] >= 3


class calling:
    """Call the other models all the time; each call must succeed.  Counts them by model."""

    def __init__(self, worker: Server, expected: Any) -> None:
        self._worker, self._expected, self._stop = worker, expected, threading.Event()
        self._calls, self._problems = [0] * OTHERS, list[BaseException]()

    def __enter__(self) -> list[int]:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self._calls

    def _run(self) -> None:
        try:
            with Client(self._worker.address) as client:
                while not self._stop.is_set():
                    for i in range(OTHERS):
                        assert np.allclose(client.predict_proba(f"other{i}", X[:4], timeout=30), self._expected)
                        self._calls[i] += 1
        except BaseException as error:
            self._problems.append(error)

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()
        assert not self._problems, self._problems


@confined
def test_two_crashes_bar_the_model_and_a_deadline_holds(consenting: tuple[Server, Server]) -> None:
    control, worker = consenting
    with ControlPlane(control.address) as plane, Client(worker.address) as client:
        plane.deploy("crashing", with_own(own.faults), sample=X, python="isolated")
        plane.deploy("looping", with_own(own.loops), sample=X, python="isolated")
        for _ in range(2):
            with pytest.raises(PretzelError, match="SIGSEGV.*the server's log has it as [0-9a-f]{12}") as raised:
                client.predict("crashing", BAD)
            assert raised.value.code == grpc.StatusCode.UNKNOWN.name
        with pytest.raises(UnavailableError, match="barred for a while"):
            client.predict("crashing", X[:1], timeout=5)
        with pytest.raises(DeadlineError):
            client.predict("looping", BAD, timeout=0.2)
        assert len(client.predict("looping", X[:1])) == 1


def test_without_consent_code_is_stored_unverified_and_refused_at_load(silent: tuple[Server, Server]) -> None:
    control, worker = silent
    with ControlPlane(control.address) as plane, Client(worker.address) as client:
        version = plane.deploy("own", with_own(), sample=X, python="isolated")
        assert not version.metadata["verified"]
        assert version.verification.startswith("not verified: step pipeline.own is Python code")
        with pytest.raises(PreconditionError, match="step pipeline.own: it is Python code.*set python_stages=true"):
            client.predict("own", X[:1])
        assert client.describe("own").version.metadata["python"] == "off"


@pytest.mark.long
def test_a_control_plane_can_refuse_code(tmp_path: Path) -> None:
    settings = {"data_dir": tmp_path / "data", "control_port": 0, "control_metrics_port": 0}
    with server("control-plane", tmp_path, verify_python_stages="refused", **settings) as control:
        with ControlPlane(control.address) as plane:
            with pytest.raises(PreconditionError, match="step pipeline.own: its Python code is refused"):
                plane.deploy("own", with_own(), sample=X, python="isolated", wait=False)
