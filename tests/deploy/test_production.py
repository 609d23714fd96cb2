"""Production, by overlay and by chart: valid, closed to all but what it needs, complete with its secrets."""

import re

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.deploy.chart import PRODUCTION_VALUES, template
from tests.deploy.custom_schemas import SCHEMAS
from tests.deploy.kustomized import KUBERNETES, PRODUCTION, build, build_with
from tests.deploy.manifests import BASE, DEPLOY, containers, find, pods, render
from tests.deploy.network import Peer, Port, permitted, pod_of
from tests.deploy.test_kubernetes import VERSIONS

NAMES = ("pretzel-control-plane", "pretzel-worker")


@pytest.fixture(params=["overlay", "chart"])
def production(request):
    return build(PRODUCTION) if request.param == "overlay" else template(PRODUCTION_VALUES)


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas(production, version):
    for manifest in production:
        if manifest["kind"] in SCHEMAS:
            jsonschema.validate(manifest, SCHEMAS[manifest["kind"]])
        else:
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize(
    "part", ["replicas", "tls", "identities", "network", "priority", "python-stages", "direct-fetch"]
)
def test_components_are_valid_alone(part):
    for manifest in build_with(part):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


def test_every_file_is_used():
    for settings in [*KUBERNETES.glob("components/*/kustomization.yaml"), PRODUCTION / "kustomization.yaml"]:
        content = yaml.safe_load(settings.read_text())
        used = {*content.get("resources", []), *(p["path"] for p in content.get("patches", []) if "path" in p)}
        there = {path.name for path in settings.parent.glob("*.yaml")}
        assert there == {name for name in used if name.endswith(".yaml")} | {"kustomization.yaml"}, settings.parent


def test_control_planes_without_state(production):
    assert not [m for m in production if m["kind"] in ("StatefulSet", "PersistentVolumeClaim")]
    spec = find(production, "Deployment", "pretzel-control-plane")["spec"]
    budget = find(production, "PodDisruptionBudget", "pretzel-control-plane")["spec"]
    assert spec["replicas"] > budget["maxUnavailable"] and spec["strategy"] == {"type": "Recreate"}
    assert budget["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert all("persistentVolumeClaim" not in volume for volume in spec["template"]["spec"]["volumes"])


def test_plain_text_is_gone(production):
    for container in containers(production).values():
        variables = {item["name"]: item.get("value") for item in container["env"]}
        assert "PRETZEL_INSECURE" not in variables and "--insecure" not in container["args"]
        assert {"PRETZEL_TLS_CERT", "PRETZEL_TLS_KEY", "PRETZEL_IDENTITIES"} <= variables.keys()
        assert variables.get("PRETZEL_CONTROL_PLANE", "https://").startswith("https://")


def test_files_of_the_settings_are_mounted(production):
    for name, container in containers(production).items():
        mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
        files = [item["value"] for item in container["env"] if item.get("value", "").startswith("/")]
        assert files and all(any(file.startswith(f"{mount}/") for mount in mounts) for file in files), name


def test_secrets_are_named_and_never_contained(production):
    assert not [m for m in production if m["kind"] in ("Secret", "ConfigMap")]
    named = {
        v["secret"]["secretName"] for pod in pods(production).values() for v in pod["spec"]["volumes"] if "secret" in v
    }
    issued = {m["spec"]["secretName"] for m in production if m["kind"] == "Certificate"}
    page = (DEPLOY / "README.md").read_text()
    made = {*re.findall(r"kubectl create secret generic ([\w-]+)", page)}
    assert named == issued | made and not issued & made


@pytest.mark.parametrize("name", NAMES)
def test_certificates_name_the_services(production, name):
    names = find(production, "Certificate", name)["spec"]["dnsNames"]
    service = find(production, "Service", name)["metadata"]
    assert {service["name"], f"{service['name']}.{service['namespace']}.svc"} == {*names}


@pytest.mark.parametrize("name", NAMES)
def test_zones_and_hosts(production, name):
    constraints = pods(production)[name]["spec"]["topologySpreadConstraints"]
    assert [c["topologyKey"] for c in constraints] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert all(c["labelSelector"]["matchLabels"] == pods(production)[name]["metadata"]["labels"] for c in constraints)


def test_probes_of_python_and_http_ask_what_listens(production):
    found = containers(production)
    listening = {item["name"]: item.get("value") for item in found["control-plane"]["env"]}["PRETZEL_CONTROL_LISTEN"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert found["control-plane"][probe]["exec"]["command"] == ["pretzel-health", listening]
        assert found["worker"][probe]["httpGet"]["scheme"] == "HTTPS"
        assert found["worker"][probe]["httpGet"]["port"] == "http"


def test_components_keep_what_they_do_not_name(production):
    plain, own = containers(render(BASE))["worker"], containers(production)["worker"]
    assert own["args"] == plain["args"] and own["ports"] == plain["ports"] and own["lifecycle"] == plain["lifecycle"]
    assert own["securityContext"] == plain["securityContext"]


CATALOG, STORE = Peer(address="192.0.2.10"), Peer(address="198.51.100.10")
DNS = Peer({"k8s-app": "kube-dns"}, "kube-system")
ELSEWHERE = Peer(address="203.0.113.5")
CONTROL, WORKER = Port(8101, "grpc"), Port(8001, "grpc")


def test_workers_reach_the_store_only_with_direct_fetches():
    """The setting says the same as the policies, so that no worker waits for a connection that is dropped."""
    for parts, reached in {("network",): False, ("network", "direct-fetch"): True}.items():
        manifests = build_with(*parts)
        for manifest in manifests:  # the base names no namespace
            manifest["metadata"].setdefault("namespace", "scoring")
        worker = pod_of(manifests, "pretzel-worker")
        assert permitted(manifests, worker, STORE, Port(443)) == reached
        variables = {item["name"]: item.get("value") for item in containers(manifests)["worker"]["env"]}
        assert variables["PRETZEL_DIRECT_FETCH"] == str(reached).lower()
        assert permitted(manifests, worker, pod_of(manifests, "pretzel-control-plane"), CONTROL)
        assert not permitted(manifests, worker, ELSEWHERE, Port(443))


def client(access):
    return Peer({"pretzel-access": access}, "shop")


@pytest.mark.parametrize(
    "source, target, port, expected",
    [
        ("pretzel-worker", "pretzel-control-plane", CONTROL, True),
        ("pretzel-worker", STORE, Port(443), False),
        ("pretzel-worker", CATALOG, Port(5432), False),
        ("pretzel-worker", ELSEWHERE, Port(443), False),
        ("pretzel-worker", "pretzel-worker", WORKER, False),
        ("pretzel-control-plane", CATALOG, Port(5432), True),
        ("pretzel-control-plane", STORE, Port(443), True),
        ("pretzel-control-plane", ELSEWHERE, Port(443), False),
        ("pretzel-control-plane", STORE, Port(22), False),
        ("pretzel-control-plane", "pretzel-worker", WORKER, False),
        ("pretzel-worker", DNS, Port(53, protocol="UDP"), True),
        ("pretzel-control-plane", DNS, Port(53), True),
        ("pretzel-worker", DNS, Port(443), False),
        (client("predict"), "pretzel-worker", WORKER, True),
        (client("predict"), "pretzel-worker", Port(8080, "http"), True),
        (client("predict"), "pretzel-worker", Port(8002, "metrics"), False),
        (client("predict"), "pretzel-control-plane", CONTROL, False),
        (client("deploy"), "pretzel-control-plane", CONTROL, True),
        (client("deploy"), "pretzel-worker", WORKER, False),
        (client("metrics"), "pretzel-worker", Port(8002, "metrics"), True),
        (client("metrics"), "pretzel-control-plane", Port(8102, "metrics"), True),
        (client("metrics"), "pretzel-control-plane", CONTROL, False),
        (Peer({}, "shop"), "pretzel-worker", WORKER, False),
        (ELSEWHERE, "pretzel-control-plane", CONTROL, False),
    ],
)
def test_connections(production, source, target, port, expected):
    ends = [pod_of(production, end) if isinstance(end, str) else end for end in (source, target)]
    assert permitted(production, *ends, port) is expected
