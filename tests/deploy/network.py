"""Which connections network policies permit, as Kubernetes documents it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from tests.deploy.manifests import Manifest, pods


@dataclass(frozen=True)
class Peer:
    """A pod with labels in a namespace with labels, or a host outside with an address."""

    labels: dict[str, str] = field(default_factory=dict)
    namespace: str = ""
    address: str = ""


@dataclass(frozen=True)
class Port:
    """A port by number and, for a pod that names it, by name."""

    number: int
    name: str = ""
    protocol: str = "TCP"


def pod_of(manifests: list[Manifest], workload: str) -> Peer:
    """Return a pod of a workload."""
    [namespace] = {m["metadata"]["namespace"] for m in manifests if m["metadata"]["name"] == workload}
    return Peer(pods(manifests)[workload]["metadata"]["labels"], namespace)


def permitted(manifests: list[Manifest], source: Peer, target: Peer, port: Port) -> bool:
    """Return whether the source may connect to the port of the target."""
    policies = [m for m in manifests if m["kind"] == "NetworkPolicy"]
    leaves = _direction(policies, "Egress", source, target, port)
    return leaves and _direction(policies, "Ingress", target, source, port)


def _direction(policies: list[Manifest], kind: str, subject: Peer, other: Peer, port: Port) -> bool:
    rules, isolated = [], False
    for policy in policies:
        spec, home = policy["spec"], policy["metadata"]["namespace"]
        if kind in spec["policyTypes"] and home == subject.namespace and _matches(spec["podSelector"], subject.labels):
            isolated = True
            rules += [(home, rule) for rule in spec.get(kind.lower(), [])]
    side = "to" if kind == "Egress" else "from"
    return not isolated or any(_rule(home, rule, side, other, port) for home, rule in rules)


def _rule(home: str, rule: dict[str, Any], side: str, other: Peer, port: Port) -> bool:
    peers, ports = rule.get(side), rule.get("ports")
    reached = not peers or any(_is_peer(home, peer, other) for peer in peers)
    return reached and (not ports or any(_is_port(item, port) for item in ports))


def _is_peer(home: str, peer: dict[str, Any], other: Peer) -> bool:
    if "ipBlock" in peer:
        return bool(other.address) and ipaddress.ip_address(other.address) in ipaddress.ip_network(
            peer["ipBlock"]["cidr"]
        )
    if other.address:
        return False
    names = {"kubernetes.io/metadata.name": other.namespace}
    near = _matches(peer["namespaceSelector"], names) if "namespaceSelector" in peer else other.namespace == home
    return near and _matches(peer.get("podSelector", {}), other.labels)


def _matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    assert selector.keys() <= {"matchLabels"}, "teach network.py other selectors"
    return selector.get("matchLabels", {}).items() <= labels.items()


def _is_port(item: dict[str, Any], port: Port) -> bool:
    return item["port"] in (port.number, port.name) and item.get("protocol", "TCP") == port.protocol
