"""Steps that cannot be opened, from a deployment to answers: consent, siblings, and code that behaves ill."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from pretzel.client import Client, ControlPlane
from pretzel.errors import DeadlineError, PreconditionError, PretzelError, UnavailableError
from pretzel.inference import service_pb2 as pb
from pretzel.inference.service_pb2_grpc import GRPCInferenceServiceStub
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
        mine["http"] = "127.0.0.1:0"
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


DAYS = pd.to_datetime(["2024-01-03T10:00:00", "2023-02-01T00:00:00", None, "2020-02-29T23:59:59"] * 5)
VISITS = pd.DataFrame({"day": DAYS, "n": np.arange(20) % 4 * 1.0, "name": ["Ann", None, "B\u00e9a", ""] * 5})


@confined
def test_a_table_of_several_types_is_served_by_all_protocols(consenting: tuple[Server, Server], tmp_path: Path) -> None:
    control, worker = consenting
    model = FunctionTransformer(own.visits).fit(VISITS)
    want = model.transform(VISITS)
    with ControlPlane(control.address) as plane, Client(worker.address) as client:
        version = plane.deploy("visits", model, sample=VISITS, python="isolated")
        assert version.metadata["verified"]
        for _ in range(2):  # the first call learns the layout
            pd.testing.assert_frame_equal(client.transform("visits", VISITS), want)
        pd.testing.assert_frame_equal(client.transform("visits", VISITS[1:2]), want[1:2].reset_index(drop=True))
        pd.testing.assert_frame_equal(client.predict_many(["visits"], VISITS, "transform")["visits"], want)
        inferred = {item.name: item.type for item in client.describe("visits").outputs}
        assert [str(kind) for kind in inferred.values()] == ["i64", "i64", "f64", "f64", "str", "str", "f64"]
    record = {"week": "2023-01-30T00:00:00.000000", "stay": "P2DT0H0M0S", "guests": 1}
    record |= {"many": None, "kind": "a", "name": None, "half": 0.5}
    rows = json.loads(VISITS.to_json(orient="records", date_format="iso"))
    url = f"http://{worker.facts['http']}"
    assert _posted(f"{url}/v1/models/visits:predict", {"rows": rows[1:3]})[0] == {"transform": record}
    split = {"dataframe_records": rows[1:2], "params": {"predict_method": "transform"}}
    assert _posted(f"{url}/invocations", split, "visits") == [record]
    missing = _posted(f"{url}/v1/models/visits:predict", {"rows": rows[2:3]})[0]["transform"]
    assert missing["week"] is missing["stay"] is None and missing["name"] == "B\u00e9a"
    _check_tensors(worker, want)


def _posted(url: str, body: Any, model: str = "") -> Any:
    fields = {"content-type": "application/json", **({"x-pretzel-model": model} if model else {})}
    request = urllib.request.Request(url, json.dumps(body).encode(), fields)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())["predictions"]


def _check_tensors(worker: Server, want: pd.DataFrame) -> None:
    """Check columns as tensors: dates are ticks, whose type the configuration names; a missing text is refused."""
    with grpc.insecure_channel(worker.address) as channel:
        stub = GRPCInferenceServiceStub(channel)
        named = stub.ModelConfig(pb.ModelConfigRequest(name="visits"), timeout=60).config.parameters
        assert named["dates.transform[0]"].string_value == "datetime64[us]"
        assert [named[f"column.transform[{i}]"].string_value for i in range(7)] == list(want.columns)
        request = pb.ModelInferRequest(model_name="visits")
        values = {"day": ("INT64", VISITS["day"].to_numpy().view(np.int64)), "n": ("FP64", VISITS["n"].to_numpy())}
        for name, (kind, numbers) in values.items():
            request.inputs.add(name=name, datatype=kind, shape=[20, 1])
            request.raw_input_contents.append(numbers.tobytes())
        request.inputs.add(name="name", datatype="BYTES", shape=[20, 1])
        texts = [text.encode() for text in VISITS["name"].fillna("x")]
        request.raw_input_contents.append(b"".join(len(text).to_bytes(4, "little") + text for text in texts))
        for i in (0, 2):
            request.outputs.add(name=f"transform[{i}]")
        answer = stub.ModelInfer(request, timeout=60)
        weeks, guests = (np.frombuffer(raw, kind) for raw, kind in zip(answer.raw_output_contents, "qd", strict=True))
        np.testing.assert_array_equal(weeks.view("M8[us]"), want["week"].to_numpy())
        np.testing.assert_array_equal(guests, want["guests"].to_numpy(float, na_value=np.nan))


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
