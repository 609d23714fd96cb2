"""`pretzel up` as a user runs it: real processes, real models, every method and every command."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import pretzel
from pretzel import errors
from pretzel.cli import main
from tests.e2e.servers import _ready

PATIENCE = 60.0
PRETZEL = Path(sys.executable).with_name("pretzel")


@dataclass
class Up:
    """A running `pretzel up`, and what it said when it was ready."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]

    def client(self) -> pretzel.Client:
        return pretzel.Client(self.facts["predictions"], timeout=PATIENCE)

    def plane(self) -> pretzel.ControlPlane:
        return pretzel.ControlPlane(self.facts["control"], timeout=PATIENCE)

    def run(self, *arguments: object, code: int = 0) -> Any:
        """Run a command against it, and return the JSON that it prints."""
        addresses = {"PRETZEL_SERVER": self.facts["predictions"], "PRETZEL_CONTROL_PLANE": self.facts["control"]}
        out, err = io.StringIO(), io.StringIO()
        with patch.dict(os.environ, addresses), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = main([*map(str, arguments), "--json"])
        assert ended == code, err.getvalue()
        if code:
            return json.loads(err.getvalue())["error"]
        if arguments[0] == "predict":
            return [json.loads(line) for line in out.getvalue().splitlines()]
        return json.loads(out.getvalue())


@contextlib.contextmanager
def started(directory: Path, *options: str) -> Iterator[Up]:
    """Start `pretzel up` on free ports; end it, and all that it started, at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    ports = [] if any(option.startswith("--port") for option in options) else ["--port=0", "--control-port=0"]
    command = [str(PRETZEL), "up", "--json", *ports, "--metrics-port=0", f"--data-dir={directory}/data", *options]
    with (directory / "log").open("a") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    try:
        yield Up(process, _ready(process, directory / "log"))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
        process.stdout.close()


def until(condition: Callable[[], Any], what: str) -> Any:
    """Return what a condition gives once it holds, waiting a bounded time for it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not after {PATIENCE} seconds"
        time.sleep(0.05)
    return found


def descendants(pid: int) -> dict[int, str]:
    """The processes that a process started, directly or not, with their command lines."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
    found, queue = {}, [pid]
    while queue:
        parent = queue.pop()
        for child in [child for child, its_parent in parents.items() if its_parent == parent]:
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
                queue.append(child)
    return found


def alive(pids: Any) -> list[int]:
    states = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            states[pid] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return [pid for pid, state in states.items() if state != "Z"]


def answers(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


IRIS = load_iris()
NAMES = np.array(["setosa", "versicolor", "virginica"], object)
SIZES = np.where(IRIS.data[:, 0] > 6, "large", "small").astype(object)
DOCUMENTS = ["The cat sat on the mat", "a dog ran", "Cats & dogs", "Größe zählt", "", "no more words"] * 10
PEOPLE = pd.DataFrame({"age": np.arange(60.0) % 37, "job": ["clerk", "farmer", "smith"] * 20})


@dataclass
class Trained:
    """An estimator with rows that it takes."""

    estimator: Any
    X: Any

    def head(self, rows: int) -> Any:
        return self.X[:rows]


@pytest.fixture(scope="module")
def trained() -> dict[str, Trained]:
    halves = np.arange(60) % 2
    columns = ColumnTransformer([("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["job"])])
    several = RandomForestClassifier(n_estimators=5, max_depth=3, random_state=0)
    iris = make_pipeline(StandardScaler(), LogisticRegression())
    return {
        "iris": Trained(iris.fit(IRIS.data, NAMES[IRIS.target]), IRIS.data),
        "text": Trained(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(DOCUMENTS, halves), DOCUMENTS),
        "features": Trained(TfidfVectorizer(ngram_range=(1, 2)).fit(DOCUMENTS), DOCUMENTS),
        "targets": Trained(several.fit(IRIS.data, np.stack([NAMES[IRIS.target], SIZES], axis=1)), IRIS.data),
        "people": Trained(make_pipeline(columns, LinearRegression()).fit(PEOPLE, PEOPLE["age"] * 2), PEOPLE),
    }


@pytest.fixture(scope="module")
def up(tmp_path_factory, trained) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("up"), "--workers=2") as running:
        with running.plane() as plane:
            for name, model in trained.items():
                plane.deploy(name, model.estimator, sample=model.head(20))
        yield running


METHODS = [
    ("iris", "predict"),
    ("iris", "predict_proba"),
    ("iris", "predict_log_proba"),
    ("iris", "decision_function"),
    ("text", "predict"),
    ("text", "predict_proba"),
    ("text", "decision_function"),
    ("features", "transform"),
    ("targets", "predict"),
    ("targets", "predict_proba"),
    ("targets", "predict_log_proba"),
    ("people", "predict"),
]


def same(got: Any, want: Any) -> None:
    if isinstance(want, list):  # an answer for each of several targets
        assert isinstance(got, list) and len(got) == len(want)
        for one, other in zip(got, want, strict=True):
            same(one, other)
        return
    if hasattr(want, "toarray"):
        assert (got.shape, got.dtype, type(got).__name__) == (want.shape, want.dtype, "csr_matrix")
        got, want = got.toarray(), want.toarray()
    assert (got.dtype.kind, got.shape) == (want.dtype.kind, want.shape)
    if want.dtype.kind == "f":
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9)
    else:
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_every_method_answers_as_the_library_does(up, trained, name: str, method: str):
    model = trained[name]
    want = getattr(model.estimator, method)(model.X)
    with up.client() as client:
        same(client.score(name, model.X, method), want)

    async def ask() -> Any:
        async with pretzel.AsyncClient(up.facts["predictions"], timeout=PATIENCE) as client:
            return await client.score(name, model.X, method)

    same(asyncio.run(ask()), want)


def test_large_inputs_and_none(up, trained):
    X = np.tile(IRIS.data, (1000, 1))
    with up.client() as client:
        same(client.predict_proba("iris", X), trained["iris"].estimator.predict_proba(X))
        texts = DOCUMENTS * 1000
        same(client.predict("text", texts), trained["text"].estimator.predict(texts))
        assert client.predict_proba("iris", X[:0]).shape == (0, 3)


def test_one_row_as_a_mapping(up, trained):
    row = {"age": 30.0, "job": "smith"}
    with up.client() as client:
        same(client.predict("people", [row]), trained["people"].estimator.predict(pd.DataFrame([row])))


def test_infer_takes_columns(up, trained):
    with up.client() as client:
        got = client.infer("iris", {"X": IRIS.data}, ["predict", "predict_proba"])
    assert list(got) == ["predict", "predict_proba"]
    same(got["predict_proba"], trained["iris"].estimator.predict_proba(IRIS.data))


def test_many_models_score_one_input(up, trained):
    names = ["sibling-1", "sibling-2", "sibling-3"]
    vectorizer = TfidfVectorizer().fit(DOCUMENTS)
    V = vectorizer.transform(DOCUMENTS)
    siblings = [LogisticRegression().fit(V, np.roll(np.arange(60) % 3 == 0, shift)) for shift in range(3)]
    with up.plane() as plane, up.client() as client:
        for name, sibling in zip(names, siblings, strict=True):
            plane.deploy(name, make_pipeline(vectorizer, sibling), sample=DOCUMENTS[:20])
        got = client.predict_many([*names, "text"], DOCUMENTS)
        for name, sibling in zip(names, siblings, strict=True):
            same(got[name], sibling.predict_proba(V))
        same(got["text"], trained["text"].estimator.predict_proba(DOCUMENTS))
        partly = client.predict_many(["text", "none"], DOCUMENTS, errors="return")
        assert isinstance(partly["none"], errors.NotFoundError)


def test_versions_rollback_and_deletion(up):
    first, second = (LinearRegression().fit(IRIS.data, IRIS.target * factor) for factor in (1.0, 2.0))
    with up.plane() as plane, up.client() as client:
        assert str(plane.deploy("line", first, sample=IRIS.data[:20])) == "line@1"
        assert str(plane.deploy("line", second, sample=IRIS.data[:20])) == "line@2"
        assert str(plane.deploy("line", second, sample=IRIS.data[:20])) == "line@2"
        same(client.predict("line", IRIS.data), second.predict(IRIS.data))
        assert plane.alias("line", "stable", 1).aliases == {"stable": 1}
        until(lambda: np.allclose(client.predict("line", IRIS.data), first.predict(IRIS.data)), "rollback")
        same(client.predict("line@2", IRIS.data), second.predict(IRIS.data))
        with pytest.raises(errors.PreconditionError, match="stable"):
            plane.delete("line@1")
        plane.delete("line@2")
        with pytest.raises(errors.NotFoundError):
            plane.describe("line@2")
        plane.delete("line", force=True)
        assert plane.models("line") == []


def test_answers_that_differ_from_the_sample_are_refused(up, trained):
    definition = pretzel.export(trained["iris"].estimator)
    wrong = np.zeros((5, 3))
    with up.plane() as plane:
        with pytest.raises(errors.VerificationError, match="decision_function.*row 0"):
            plane.deploy("wrong", definition, sample=IRIS.data[:5], expected={"decision_function": wrong})
        assert plane.models("wrong") == []


@pytest.mark.parametrize(
    ("model", "X", "error", "problem"),
    [
        ("nobody", IRIS.data, errors.NotFoundError, "nobody"),
        ("iris@99", IRIS.data, errors.NotFoundError, "99"),
        ("iris:canary", IRIS.data, errors.NotFoundError, "canary"),
        ("iris", IRIS.data[:, :3], errors.InputError, "expected 4 features a row, got 3"),
        ("iris", np.where(IRIS.data == IRIS.data[1, 1], np.nan, IRIS.data), errors.InputError, "row 1"),
        ("people", PEOPLE[["age"]], errors.InputError, "column 'job' is missing"),
        ("text", ["a", None], errors.InputError, "row 1"),
    ],
)
def test_bad_requests_are_told_what_is_wrong(up, model: str, X: Any, error: type, problem: str):
    with up.client() as client, pytest.raises(error, match=problem):
        client.predict(model, X)


def test_every_command_speaks_json(up, trained, tmp_path: Path):
    estimator = trained["iris"].estimator
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(estimator))
    pd.DataFrame(IRIS.data).to_csv(tmp_path / "x.csv", index=False, header=False)
    rows = up.run("export", tmp_path / "m.pkl", "--out", tmp_path / "m.pretzel")
    assert rows["inputs"] == {"X": "f64[4]"}
    deployed = up.run("deploy", "cli", tmp_path / "m.pkl", "--sample", tmp_path / "x.csv")
    assert (deployed["model"], deployed["version"], deployed["metadata"]["verified"]) == ("cli", 1, True)
    assert up.run("deploy", "cli", tmp_path / "m.pretzel")["version"] == 1
    assert [model["name"] for model in up.run("models", "cli")] == ["cli"]
    described = up.run("describe", "cli")
    assert described["outputs"][0]["labels"] == sorted(NAMES)
    assert "linear" in json.dumps(up.run("explain", "cli"))
    predicted = [line["predict"] for line in up.run("predict", "cli", tmp_path / "x.csv")]
    assert predicted == estimator.predict(IRIS.data).tolist()
    assert up.run("bench", "cli", "--seconds", "0.3")["calls"] > 0
    assert up.run("alias", "cli", "canary", "1")["aliases"] == {"canary": 1, "stable": 1}
    assert up.run("alias", "cli", "canary", "--remove")["aliases"] == {"stable": 1}
    assert up.run("delete", "cli@1", code=6)["code"] == "FAILED_PRECONDITION"
    assert up.run("delete", "cli", "--force") == {"deleted": "cli"}
    assert up.run("describe", "cli", code=4)["code"] == "NOT_FOUND"


def end(running: Up, kill: Callable[[int, int], None]) -> None:
    """End it by a signal, and see that nothing of it is left."""
    below = descendants(running.process.pid)
    assert len(below) >= 3
    kill(running.process.pid, signal.SIGTERM)
    assert running.process.wait(PATIENCE) == 0
    assert alive(below) == []
    assert not answers(running.facts["predictions"]) and not answers(running.facts["control"])


def test_a_signal_stops_everything_and_a_restart_finds_the_models(tmp_path: Path, trained):
    with started(tmp_path) as running:
        with running.plane() as plane:
            plane.deploy("iris", trained["iris"].estimator)
        end(running, os.kill)
    with started(tmp_path) as running:
        with running.client() as client:
            assert client.predict("iris", IRIS.data).tolist() == trained["iris"].estimator.predict(IRIS.data).tolist()
        end(running, os.killpg)
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_server_that_dies_is_started_again_where_it_was(tmp_path: Path, trained):
    with started(tmp_path) as running, running.plane() as plane, running.client() as client:
        plane.deploy("iris", trained["iris"].estimator)

        def works() -> bool:
            with contextlib.suppress(errors.UnavailableError):
                names = [model.name for model in plane.models()]
                return (names, client.predict("iris", IRIS.data[:1]).tolist()) == (["iris"], ["setosa"])
            return False

        for word in (" control-plane ", " worker "):
            before = server_of(running, word)
            os.kill(before, signal.SIGKILL)
            until(lambda w=word, b=before: server_of(running, w) not in (None, b), f"{word} is started again")
            until(works, f"{word} answers")


def server_of(running: Up, word: str) -> int | None:
    """The child that runs one of the servers."""
    found = [pid for pid, command in descendants(running.process.pid).items() if word in command]
    return found[0] if found else None


def test_nothing_outlives_it(tmp_path: Path):
    with started(tmp_path) as running:
        below = descendants(running.process.pid)
        running.process.kill()
        until(lambda: not alive(below), "all are gone")


def test_a_port_that_is_taken_is_said(tmp_path: Path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        ports = ["--port=0", f"--control-port={port}", "--metrics-port=0", f"--data-dir={tmp_path}"]
        ran = subprocess.run([PRETZEL, "up", *ports], capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 5
    assert f"127.0.0.1:{port}" in ran.stderr and "Traceback" not in ran.stderr
    assert [line.split()[0] for line in ran.stderr.splitlines()[-2:]] == ["error:", "help:"]
    assert ran.stderr.count("error:") == 1 and "--control-port" in ran.stderr
