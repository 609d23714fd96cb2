"""The parts of the Kubernetes manifests that an overlay may add: monitors, and scaling by metrics."""

import re
import shutil
import subprocess

import jsonschema
import pytest
import yaml

from tests.deploy.custom_schemas import SCHEMAS
from tests.deploy.manifests import BASE, DEPLOY, containers, find, pods, render

COMPONENTS = DEPLOY / "kubernetes/components"
MANIFESTS = {
    f"{path.parent.name}/{path.stem}": yaml.safe_load(path.read_text())
    for component in ("keda", "monitoring")
    for path in sorted((COMPONENTS / component).glob("*.yaml"))
    if path.name != "kustomization.yaml"
}
MONITORS = [manifest for manifest in MANIFESTS.values() if manifest["kind"] == "PodMonitor"]


@pytest.mark.parametrize("name", MANIFESTS)
def test_schemas(name):
    jsonschema.validate(MANIFESTS[name], SCHEMAS[MANIFESTS[name]["kind"]])


@pytest.mark.parametrize("name", MANIFESTS)
def test_schemas_reject_a_wrong_field(name):
    broken = MANIFESTS[name] | {"spec": MANIFESTS[name]["spec"] | {"selectr": {}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMAS[broken["kind"]])


def test_every_pod_has_a_monitor():
    manifests = render(BASE)
    labels = [pod["metadata"]["labels"] for pod in pods(manifests).values()]
    assert sorted(map(str, labels)) == sorted(str(m["spec"]["selector"]["matchLabels"]) for m in MONITORS)


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda monitor: monitor["metadata"]["name"])
def test_monitors_ask_the_port_and_path_of_the_annotations(monitor):
    manifests = render(BASE)
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    pod = pods(manifests)[monitor["metadata"]["name"]]
    annotations = pod["metadata"]["annotations"]
    [container] = pod["spec"]["containers"]
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    assert (ports[endpoint["port"]], endpoint["path"]) == (
        annotations["prometheus.io/port"],
        annotations["prometheus.io/path"],
    )


def test_scaling_is_that_of_the_autoscaler_on_other_metrics():
    scaled = MANIFESTS["keda/scaled-object"]["spec"]
    scaler = find(render(BASE), "HorizontalPodAutoscaler", "pretzel-worker")["spec"]
    assert scaled["scaleTargetRef"] == scaler["scaleTargetRef"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (scaler["minReplicas"], scaler["maxReplicas"])
    assert scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == scaler["behavior"]
    assert scaled["minReplicaCount"] <= scaled["fallback"]["replicas"] <= scaled["maxReplicaCount"]


def test_queries_ask_for_metrics_that_exist():
    page = (DEPLOY.parent / "docs/operations.md").read_text()
    queries = [trigger["metadata"]["query"] for trigger in MANIFESTS["keda/scaled-object"]["spec"]["triggers"]]
    for query in queries:
        [name] = re.findall(r"pretzel_\w+", query)
        assert re.sub(r"_(sum|count|bucket)$", "", name) in page


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_an_overlay_with_both(tmp_path):
    shutil.copytree(DEPLOY / "kubernetes", tmp_path / "kubernetes")
    overlay = tmp_path / "kubernetes/overlays/own"
    overlay.mkdir()
    settings = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "scoring",
        "resources": ["../../base"],
        "components": ["../../components/monitoring", "../../components/keda"],
    }
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(settings))
    built = subprocess.run(["kubectl", "kustomize", overlay], capture_output=True, text=True, check=True, timeout=60)
    manifests = list(yaml.safe_load_all(built.stdout))
    kinds = [manifest["kind"] for manifest in manifests]
    assert kinds.count("PodMonitor") == 2 and kinds.count("ScaledObject") == 1
    assert "HorizontalPodAutoscaler" not in kinds  # KEDA makes its own for the same deployment
    assert all(manifest["metadata"]["namespace"] == "scoring" for manifest in manifests)
    assert containers(manifests)["worker"]
