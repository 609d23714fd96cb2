"""Every pod of every kustomization obeys the policies, and each policy rejects what it is for."""

import copy

import pytest

from tests.deploy.kustomized import PRODUCTION, build, build_with
from tests.deploy.manifests import BASE, OVERLAY, pods, render
from tests.deploy.policies import POLICIES, violations

ALONE = ("replicas", "tls", "identities", "network", "priority", "python-stages", "direct-fetch")
# One control plane has nothing to be spread over.
EXEMPT = {("StatefulSet", "pretzel-control-plane"): {"spread"}}


def check(manifests):
    workloads = [m for m in manifests if "template" in m.get("spec", {})]
    assert len(workloads) == 2
    for workload in workloads:
        exempt = EXEMPT.get((workload["kind"], workload["metadata"]["name"]), set())
        assert violations(workload["spec"]["template"]["spec"]) == exempt, workload["metadata"]["name"]


@pytest.mark.parametrize("folder", [BASE, OVERLAY], ids=["base", "example"])
def test_rendered_by_ourselves(folder):
    check(render(folder))


def test_production():
    check(build(PRODUCTION))


@pytest.mark.parametrize("component", ALONE)
def test_components(component):
    check(build_with(component))


def test_python_stages_in_production_stay_within_the_policies():
    check(build_with("replicas", "tls", "identities", "network", "priority", "python-stages"))


def context(**fields):
    return lambda pod: pod["containers"][0]["securityContext"].update(fields)


def whole(**fields):
    return lambda pod: pod["securityContext"].update(fields)


def volume(**source):
    return lambda pod: pod["volumes"].append({"name": "more", **source})


def without(*path):
    def remove(pod):
        *parents, last = path
        for key in parents:
            pod = pod[key]
        del pod[last]

    return remove


def secret_mounted_for_writing(pod):
    pod["volumes"].append({"name": "more", "secret": {"secretName": "s", "defaultMode": 0o440}})
    pod["containers"][0]["volumeMounts"].append({"name": "more", "mountPath": "/more"})


CHANGES = {
    "host_namespaces": [lambda pod: pod.update(hostPID=True), lambda pod: pod.update(hostNetwork=True)],
    "privileged": [context(privileged=True)],
    "privilege_escalation": [
        context(allowPrivilegeEscalation=True),
        without("containers", 0, "securityContext", "allowPrivilegeEscalation"),
        lambda pod: pod.update(initContainers=[pod["containers"][0] | {"securityContext": {}}]),
    ],
    "capabilities": [
        context(capabilities={"drop": ["NET_RAW"]}),
        context(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
    ],
    "not_root": [whole(runAsNonRoot=False), whole(runAsUser=0), context(runAsUser=0), context(runAsNonRoot=False)],
    "seccomp": [without("securityContext", "seccompProfile"), context(seccompProfile={"type": "Unconfined"})],
    "other_modules": [
        whole(seLinuxOptions={"type": "spc_t"}),
        context(appArmorProfile={"type": "Unconfined"}),
        context(procMount="Unmasked"),
        whole(sysctls=[{"name": "kernel.msgmax", "value": "65536"}]),
    ],
    "volumes": [volume(hostPath={"path": "/"}), volume(nfs={"server": "s", "path": "/"})],
    "host_ports": [lambda pod: pod["containers"][0]["ports"][0].update(hostPort=8001)],
    "read_only_root": [context(readOnlyRootFilesystem=False)],
    "no_token_of_the_cluster": [without("automountServiceAccountToken")],
    "no_variables_of_services": [without("enableServiceLinks")],
    "resources": [
        without("containers", 0, "resources", "limits"),
        lambda pod: pod["containers"][0]["resources"]["limits"].update(cpu="1"),
    ],
    "probes": [
        without("containers", 0, "readinessProbe"),
        lambda pod: pod["containers"][0]["livenessProbe"].update(exec={"command": ["true"]}),
    ],
    "secrets_are_files_that_others_cannot_read": [volume(secret={"secretName": "s"})],
    "read_only_secrets": [secret_mounted_for_writing],
    "a_tag_of_the_image": [lambda pod: pod["containers"][0].update(image="pretzel:latest")],
    "spread": [without("topologySpreadConstraints", 0)],
    "time_to_drain": [
        lambda pod: pod.update(terminationGracePeriodSeconds=15),
        lambda pod: pod["containers"][0]["args"].append("--drain-seconds=60"),
    ],
}


def test_every_policy_is_tried():
    assert CHANGES.keys() == POLICIES.keys()


@pytest.mark.parametrize(
    "name, change", [(name, change) for name, changes in CHANGES.items() for change in changes], ids=lambda value: value
)
def test_violations_are_found(name, change):
    pod = copy.deepcopy(pods(render(BASE))["pretzel-worker"]["spec"])
    assert not violations(pod)
    change(pod)
    assert name in violations(pod)
