"""The runtimes of KServe: valid, consistent, and what their container runs serves an exported model."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import jsonschema
import kubernetes_validate
import numpy as np
import pytest
import yaml
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pretzel.data_plane.settings import Settings
from pretzel.importers import export
from pretzel.plan import bundle
from tests.data_plane.transport.waits import SECONDS
from tests.deploy.custom_schemas import SCHEMAS
from tests.deploy.manifests import DEPLOY
from tests.e2e.servers import ready

KSERVE = DEPLOY / "kserve"
RUNTIMES = {name: yaml.safe_load((KSERVE / f"{name}.yaml").read_text()) for name in ("rest", "grpc")}
EXAMPLE = yaml.safe_load((KSERVE / "example.yaml").read_text())
EACH = pytest.mark.parametrize("kind", RUNTIMES)
NAME = "wine"
VERSIONS = ("1.31", "1.37")


def container_of(kind: str) -> dict[str, Any]:
    [container] = RUNTIMES[kind]["spec"]["containers"]
    return container


def options_of(kind: str) -> dict[str, str]:
    command, *options = container_of(kind)["args"]
    assert command == "worker"
    return {key.removeprefix("--").replace("-", "_"): value for key, _, value in (o.partition("=") for o in options)}


@pytest.mark.parametrize("manifest", [*RUNTIMES.values(), EXAMPLE], ids=[*RUNTIMES, "example"])
def test_schemas(manifest):
    jsonschema.validate(manifest, SCHEMAS[manifest["kind"]])


def test_schemas_reject_a_wrong_field():
    spec = RUNTIMES["rest"]["spec"] | {"protocolVersion": "v2"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(RUNTIMES["rest"] | {"spec": spec}, SCHEMAS["ClusterServingRuntime"])


@EACH
@pytest.mark.parametrize("version", VERSIONS)
def test_the_container_is_one_of_a_pod(kind, version):
    spec = {key: RUNTIMES[kind]["spec"][key] for key in ("containers", "volumes")}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec}
    kubernetes_validate.validate(pod, version, strict=True)


def test_the_kustomization_lists_the_runtimes():
    listed = yaml.safe_load((KSERVE / "kustomization.yaml").read_text())["resources"]
    assert listed == [f"{kind}.yaml" for kind in RUNTIMES]


def test_the_runtimes_differ_by_protocol():
    rest, grpc_ = (container_of(kind) for kind in RUNTIMES)
    assert rest["args"] == grpc_["args"]
    assert [RUNTIMES[kind]["spec"]["protocolVersions"] for kind in RUNTIMES] == [["v2"], ["grpc-v2"]]
    assert RUNTIMES["rest"]["metadata"]["name"] != RUNTIMES["grpc"]["metadata"]["name"]


def test_the_example_is_served_by_a_runtime():
    model = EXAMPLE["spec"]["predictor"]["model"]
    formats = [f["name"] for f in RUNTIMES["rest"]["spec"]["supportedModelFormats"] if f["autoSelect"]]
    assert model["modelFormat"]["name"] in formats
    assert model["protocolVersion"] in RUNTIMES["rest"]["spec"]["protocolVersions"]


@EACH
def test_the_one_port_is_that_of_the_protocol(kind):
    [port] = container_of(kind)["ports"]
    option, name = {"rest": ("http", "http1"), "grpc": ("port", "h2c")}[kind]
    assert (str(port["containerPort"]), port["name"]) == (options_of(kind)[option], name)
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        for action in container_of(kind).get(probe, {}).values():
            assert not isinstance(action, dict) or action["port"] == port["containerPort"]


@EACH
def test_metrics_are_where_the_annotations_say(kind):
    annotations = RUNTIMES[kind]["spec"]["annotations"]
    assert annotations["prometheus.kserve.io/port"] == options_of(kind)["metrics_port"]
    assert annotations["prometheus.kserve.io/path"] == "/metrics"


@EACH
def test_options_are_settings_of_a_worker(kind, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    options = options_of(kind)
    assert options.keys() <= Settings.model_fields.keys()
    settings = Settings(**options | {"insecure": True})
    assert settings.models == Path("/mnt/models") and settings.host == "0.0.0.0"
    limit = container_of(kind)["resources"]["limits"]["memory"]
    assert settings.memory_budget <= int(limit.removesuffix("Gi")) << 29, "at most half the limit"


@EACH
def test_written_paths_are_on_a_volume(kind):
    mounts = {mount["mountPath"]: mount["name"] for mount in container_of(kind)["volumeMounts"]}
    assert mounts.keys() == {options_of(kind)["cache_dir"], "/tmp"}
    assert {volume["name"] for volume in RUNTIMES[kind]["spec"]["volumes"]} == {*mounts.values()}


# What a container isolates differs here: its root, its address, and its ports.
ISOLATED = {"--host=0.0.0.0": "--host=127.0.0.1", "--port=9000": "--port=0", "--http=8080": "--http=0"}
ISOLATED |= {"--metrics-port=8002": "--metrics-port=0"}


@contextlib.contextmanager
def started(root: Path, kind: str = "rest") -> Iterator[dict[str, Any]]:
    """Run the command of a container as KServe fills it in, with ``root`` as its file system."""
    filled = [word.replace("{{.Name}}", NAME) for word in container_of(kind)["args"]]
    assert set(ISOLATED) <= set(filled) and "{{" not in "".join(filled)
    words = [ISOLATED.get(word, word.replace("=/", f"={root}/")) for word in filled]
    (root / "var/lib/pretzel").mkdir(parents=True)
    [entry] = json.loads(_instruction("ENTRYPOINT"))
    with (root / "log").open("w") as log:
        command = [Path(sys.executable).with_name(entry), *words]
        process = subprocess.Popen(
            command, cwd=root, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
    try:
        yield ready(process, root / "log")
    finally:
        process.terminate()
        assert process.wait(SECONDS) == 0
        process.stdout.close()


def _instruction(name: str) -> str:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    return next(line.removeprefix(name) for line in lines if line.startswith(name))


class Probes:
    """The probes of the runtimes, against a worker at other ports."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts

    def passes(self, kind: str, name: str) -> bool:
        probe = container_of(kind)[name]
        if "httpGet" in probe:
            return self._status(probe["httpGet"]["path"]) == 200
        if "grpc" in probe:
            with grpc.insecure_channel(f"127.0.0.1:{self.facts['port']}") as channel:
                answer = HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
            return answer.status == health_pb2.HealthCheckResponse.SERVING
        return "tcpSocket" in probe  # the ready line says that it listens

    def _status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://{self.facts['http']}{path}", timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture(scope="module")
def wine() -> tuple[Any, np.ndarray]:
    X, y = load_wine(return_X_y=True)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y), X[::9]


@pytest.fixture(scope="module")
def served(wine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    root = tmp_path_factory.mktemp("root")
    models = root / "mnt/models"
    models.mkdir(parents=True)
    exported(wine[0], models)
    with started(root) as facts:
        probes = Probes(facts)
        wait_for(lambda: probes.passes("rest", "readinessProbe"), root)
        yield probes


def exported(estimator: Any, folder: Path) -> None:
    """Write the file that `pretzel export` writes of an estimator, and nothing else."""
    bundle.save(folder / "any-name.pretzel", export(estimator))


def wait_for(condition, root: Path) -> None:
    deadline = time.monotonic() + 3 * SECONDS
    while not condition():
        assert time.monotonic() < deadline, (root / "log").read_text()[-4000:]
        time.sleep(0.05)


@EACH
@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_pass(served, kind, probe):
    if probe in container_of(kind):
        assert served.passes(kind, probe)


def test_the_protocol_over_http(served, wine):
    estimator, rows = wine
    tensor = {"name": "X", "datatype": "FP64", "shape": list(rows.shape), "data": rows.ravel().tolist()}
    body = json.dumps({"inputs": [tensor], "outputs": [{"name": "predict_proba"}]}).encode()
    url = f"http://{served.facts['http']}/v2/models/{NAME}/infer"
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        [output] = json.load(answer)["outputs"]
    found = np.reshape(output["data"], output["shape"])
    np.testing.assert_allclose(found, estimator.predict_proba(rows), rtol=1e-6, atol=1e-9)


def test_the_protocol_over_grpc(served, wine):
    triton = pytest.importorskip("tritonclient.grpc")
    estimator, rows = wine
    client = triton.InferenceServerClient(f"127.0.0.1:{served.facts['port']}")
    assert client.is_server_ready() and client.is_model_ready(NAME)
    tensor = triton.InferInput("X", rows.shape, "FP64")
    tensor.set_data_from_numpy(rows)
    answer = client.infer(NAME, [tensor], outputs=[triton.InferRequestedOutput("predict")])
    np.testing.assert_array_equal(answer.as_numpy("predict").ravel(), estimator.predict(rows))
    client.close()


def test_metrics_are_scraped(served):
    url = f"http://127.0.0.1:{served.facts['metrics_port']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as page:
        assert "pretzel_models 1.0" in page.read().decode()


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_kustomize_renders_the_runtimes():
    built = subprocess.run(["kubectl", "kustomize", KSERVE], capture_output=True, text=True, check=True, timeout=60)
    assert list(yaml.safe_load_all(built.stdout)) == sorted(
        RUNTIMES.values(), key=lambda manifest: manifest["metadata"]["name"]
    )
