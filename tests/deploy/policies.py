"""Policies of pods: the controls of the restricted pod security standard, and what we require beyond it.

Each policy is a function from the specification of a pod to its violations, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Pod = dict[str, Any]
Policy = Callable[[Pod], Iterator[str]]
POLICIES: dict[str, Policy] = {}
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SYSCTLS = {
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    "net.ipv4.tcp_keepalive_probes",
}


def policy(function: Policy) -> Policy:
    """Add a policy to the table."""
    POLICIES[function.__name__] = function
    return function


def violations(pod: Pod) -> set[str]:
    """Return the names of the policies that a pod violates."""
    return {name for name, check in POLICIES.items() if any(True for _ in check(pod))}


def containers_of(pod: Pod) -> Iterator[tuple[str, Pod, Pod]]:
    """Yield the name, the specification and the security context of each container of any kind."""
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for container in pod.get(kind, []):
            yield container["name"], container, container.get("securityContext", {})


def effective(pod: Pod, own: Pod, field: str) -> Any:
    """Return a field of a container's security context, or else of the pod's."""
    return own.get(field, pod.get("securityContext", {}).get(field))


@policy
def host_namespaces(pod: Pod) -> Iterator[str]:
    yield from (f for f in ("hostNetwork", "hostPID", "hostIPC") if pod.get(f))


@policy
def privileged(pod: Pod) -> Iterator[str]:
    yield from (name for name, _, own in containers_of(pod) if own.get("privileged"))


@policy
def privilege_escalation(pod: Pod) -> Iterator[str]:
    yield from (name for name, _, own in containers_of(pod) if own.get("allowPrivilegeEscalation") is not False)


@policy
def capabilities(pod: Pod) -> Iterator[str]:
    for name, _, own in containers_of(pod):
        held = own.get("capabilities", {})
        if "ALL" not in held.get("drop", []) or {*held.get("add", [])} - {"NET_BIND_SERVICE"}:
            yield name


@policy
def not_root(pod: Pod) -> Iterator[str]:
    for name, _, own in containers_of(pod):
        if effective(pod, own, "runAsNonRoot") is not True or effective(pod, own, "runAsUser") == 0:
            yield name


@policy
def seccomp(pod: Pod) -> Iterator[str]:
    for name, _, own in containers_of(pod):
        profile = effective(pod, own, "seccompProfile") or {}
        if profile.get("type") not in ("RuntimeDefault", "Localhost"):
            yield name


@policy
def other_modules(pod: Pod) -> Iterator[str]:
    """AppArmor, SELinux, the mount of /proc, Windows host processes, and unsafe sysctls."""
    context = pod.get("securityContext", {})
    for name, own in [("pod", context), *((name, own) for name, _, own in containers_of(pod))]:
        linux = own.get("seLinuxOptions", {})
        if linux.keys() & {"user", "role"} or linux.get("type", "") not in ("", "container_t", "container_init_t"):
            yield f"{name}: seLinuxOptions"
        if own.get("appArmorProfile", {}).get("type", "RuntimeDefault") == "Unconfined":
            yield f"{name}: appArmorProfile"
        if own.get("procMount", "Default") != "Default" or own.get("windowsOptions", {}).get("hostProcess"):
            yield f"{name}: procMount or hostProcess"
    yield from (item["name"] for item in context.get("sysctls", []) if item["name"] not in SYSCTLS)


@policy
def volumes(pod: Pod) -> Iterator[str]:
    for volume in pod.get("volumes", []):
        if not volume.keys() - {"name"} <= VOLUMES:
            yield volume["name"]


@policy
def host_ports(pod: Pod) -> Iterator[str]:
    for name, container, _ in containers_of(pod):
        yield from (name for port in container.get("ports", []) if port.get("hostPort"))


@policy
def read_only_root(pod: Pod) -> Iterator[str]:
    yield from (name for name, _, own in containers_of(pod) if own.get("readOnlyRootFilesystem") is not True)


@policy
def no_token_of_the_cluster(pod: Pod) -> Iterator[str]:
    if pod.get("automountServiceAccountToken") is not False:
        yield "automountServiceAccountToken"


@policy
def no_variables_of_services(pod: Pod) -> Iterator[str]:
    if pod.get("enableServiceLinks") is not False:
        yield "enableServiceLinks"


@policy
def resources(pod: Pod) -> Iterator[str]:
    """Requests, and a limit of memory; none of the processor, which would stop a worker in the midst of calls."""
    for name, container, _ in containers_of(pod):
        given = container.get("resources", {})
        if not {"cpu", "memory"} <= given.get("requests", {}).keys() or given.get("limits", {}).keys() != {"memory"}:
            yield name


@policy
def probes(pod: Pod) -> Iterator[str]:
    for name, container, _ in containers_of(pod):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            handlers = container.get(probe, {}).keys() & {"grpc", "httpGet", "exec", "tcpSocket"}
            if len(handlers) != 1:
                yield f"{name}: {probe}"


@policy
def secrets_are_files_that_others_cannot_read(pod: Pod) -> Iterator[str]:
    for volume in pod.get("volumes", []):
        if "secret" in volume and volume["secret"].get("defaultMode", 0o644) & 0o337:
            yield volume["name"]


@policy
def read_only_secrets(pod: Pod) -> Iterator[str]:
    secret = {volume["name"] for volume in pod.get("volumes", []) if "secret" in volume}
    for name, container, _ in containers_of(pod):
        mounts = container.get("volumeMounts", [])
        yield from (
            f"{name}: {mount['name']}" for mount in mounts if mount["name"] in secret and not mount.get("readOnly")
        )


@policy
def a_tag_of_the_image(pod: Pod) -> Iterator[str]:
    """The base names no tag, which an overlay sets; nothing may say `latest`."""
    yield from (name for name, container, _ in containers_of(pod) if container["image"].endswith(":latest"))


@policy
def spread(pod: Pod) -> Iterator[str]:
    keys = {constraint["topologyKey"] for constraint in pod.get("topologySpreadConstraints", [])}
    yield from {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} - keys


@policy
def time_to_drain(pod: Pod) -> Iterator[str]:
    """The grace period covers the pause before the signal, the drain that the arguments state, and five seconds."""
    for name, container, _ in containers_of(pod):
        arguments = dict(word.removeprefix("--").partition("=")[::2] for word in container.get("args", []))
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if pause + float(arguments.get("drain-seconds", 10)) + 5 > pod.get("terminationGracePeriodSeconds", 30):
            yield name
