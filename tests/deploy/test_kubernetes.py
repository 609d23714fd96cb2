"""The Kubernetes manifests are valid in every supported version, consistent, and request no privilege."""

import json
import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml

from tests.deploy.manifests import BASE, DEPLOY, OVERLAY, containers, find, pods, render

VERSIONS = ("1.31", "1.34", "1.37")
FOLDERS = pytest.mark.parametrize("folder", [BASE, OVERLAY], ids=["base", "example"])
PLANES = pytest.mark.parametrize("name", ["control-plane", "worker"])


@FOLDERS
@pytest.mark.parametrize("version", VERSIONS)
def test_schemas(folder, version):
    for manifest in render(folder):
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas_reject_a_wrong_field(version):
    broken = find(render(BASE), "Deployment", "pretzel-worker")
    broken["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["grpc"] = {"prot": 8001}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, version, strict=True)


@FOLDERS
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_rendered_as_kustomize_does(folder):
    text = subprocess.run(
        ["kubectl", "kustomize", folder], capture_output=True, text=True, check=True, timeout=60
    ).stdout

    def keyed(manifests):
        return {(m["kind"], m["metadata"]["name"]): json.loads(json.dumps(m)) for m in manifests}

    assert keyed(render(folder)) == keyed(yaml.safe_load_all(text))


def test_every_file_is_used():
    for folder in (BASE, OVERLAY):
        settings = yaml.safe_load((folder / "kustomization.yaml").read_text())
        used = {*settings["resources"], *(patch["path"] for patch in settings.get("patches", []))}
        there = {str(path.relative_to(folder)) for path in folder.rglob("*.yaml")}
        assert there == {path for path in used if path.endswith(".yaml")} | {"kustomization.yaml"}


def test_the_base_names_no_namespace():
    assert all("namespace" not in manifest["metadata"] for manifest in render(BASE))


@PLANES
def test_services_reach_their_pods(name):
    manifests = render(BASE)
    service = find(manifests, "Service", f"pretzel-{name}")
    pod = pods(manifests)[f"pretzel-{name}"]
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    ports = {port["name"]: port["containerPort"] for port in containers(manifests)[name]["ports"]}
    for port in service["spec"]["ports"]:
        assert ports[port["targetPort"]] == port["port"]


def test_selectors_agree():
    for manifest in (m for m in render(BASE) if "template" in m.get("spec", {})):
        labels = manifest["spec"]["template"]["metadata"]["labels"].items()
        assert manifest["spec"]["selector"]["matchLabels"].items() <= labels
        for spread in manifest["spec"]["template"]["spec"].get("topologySpreadConstraints", []):
            assert spread["labelSelector"]["matchLabels"].items() <= labels


@pytest.mark.parametrize("kind", ["PodDisruptionBudget", "NetworkPolicy"])
def test_policies_select_the_workers(kind):
    manifests = render(BASE)
    spec = find(manifests, kind, "pretzel-worker")["spec"]
    labels = pods(manifests)["pretzel-worker"]["metadata"]["labels"]
    assert (spec.get("selector") or spec["podSelector"])["matchLabels"] == labels


def test_workers_may_reach_the_control_plane():
    manifests = render(BASE)
    workers = pods(manifests)["pretzel-worker"]["metadata"]["labels"]
    policy = find(manifests, "NetworkPolicy", "pretzel-control-plane")["spec"]
    allowed = [peer["podSelector"]["matchLabels"] for rule in policy["ingress"][:1] for peer in rule["from"]]
    assert workers in allowed


def test_clients_can_balance_over_workers():
    assert find(render(BASE), "Service", "pretzel-worker")["spec"]["clusterIP"] == "None"


@FOLDERS
def test_the_autoscaler_owns_the_number_of_workers(folder):
    manifests = render(folder)
    scaler = find(manifests, "HorizontalPodAutoscaler", "pretzel-worker")["spec"]
    target = find(manifests, scaler["scaleTargetRef"]["kind"], scaler["scaleTargetRef"]["name"])
    assert "replicas" not in target["spec"]
    assert target["apiVersion"] == scaler["scaleTargetRef"]["apiVersion"]
    # Utilization is a share of the request, and a budget of one absent pod must leave another.
    assert "cpu" in containers(manifests)["worker"]["resources"]["requests"]
    assert scaler["minReplicas"] > find(manifests, "PodDisruptionBudget", "pretzel-worker")["spec"]["maxUnavailable"]


@PLANES
@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_ask_the_grpc_port(name, probe):
    container = containers(render(BASE))[name]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert container[probe]["grpc"]["port"] == ports["grpc"]


@FOLDERS
@PLANES
def test_pods_meet_the_restricted_standard(folder, name):
    pod = pods(render(folder))[f"pretzel-{name}"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not pod["automountServiceAccountToken"]
    assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}
    assert all(not {"emptyDir", "configMap", "secret"}.isdisjoint(volume) for volume in pod["volumes"])
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


@PLANES
def test_written_paths_are_on_a_volume(name):
    manifests = render(BASE)
    [directory] = [a.partition("=")[2] for a in containers(manifests)[name]["args"] if "-dir=" in a]
    mounts = {mount["mountPath"]: mount["name"] for mount in containers(manifests)[name]["volumeMounts"]}
    [workload] = [
        m for m in manifests if m["metadata"]["name"] == f"pretzel-{name}" and "template" in m.get("spec", {})
    ]
    volumes = [volume["name"] for volume in workload["spec"]["template"]["spec"]["volumes"]]
    claims = [claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])]
    assert mounts.keys() == {directory, "/tmp"} and {*mounts.values()} == {*volumes, *claims}


def test_pods_have_time_to_drain():
    worker = containers(render(BASE))["worker"]
    [drain] = [float(a.partition("=")[2]) for a in worker["args"] if a.startswith("--drain-seconds=")]
    leaving = worker["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pods(render(BASE))["pretzel-worker"]["spec"]["terminationGracePeriodSeconds"] >= leaving + drain + 5


@FOLDERS
def test_parameters_leave_memory_for_the_process(folder):
    worker = containers(render(folder))["worker"]
    [budget] = [int(a.partition("=")[2]) for a in worker["args"] if a.startswith("--memory-budget=")]
    limit = worker["resources"]["limits"]["memory"]
    assert limit.endswith("Gi") and budget <= int(limit.removesuffix("Gi")) << 29, "at most half the limit"


def test_the_image_is_the_one_of_the_dockerfile():
    user = next(line.split()[1] for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line.startswith("USER"))
    for pod in pods(render(BASE)).values():
        context = pod["spec"]["securityContext"]
        assert user == f"{context['runAsUser']}:{context['runAsGroup']}"
