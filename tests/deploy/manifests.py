"""Renders the manifests under deploy/ as a cluster gets them: bases, patches, images and namespace.

Only the kustomize fields that we use are rendered, and any other field is rejected, so that this stays equal to
kustomize; a test compares both wherever kubectl is installed.
"""

from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
BASE = DEPLOY / "kubernetes/base"
OVERLAY = DEPLOY / "kubernetes/overlays/example"
Manifest = dict[str, Any]

KNOWN = {"apiVersion", "kind", "namespace", "resources", "images", "patches"}
CLUSTER_WIDE = {"Namespace"}


def render(folder: Path) -> list[Manifest]:
    """Return the manifests of a kustomization."""
    settings = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert settings.keys() <= KNOWN, f"{folder}: teach manifests.py the fields {settings.keys() - KNOWN}"
    manifests = [m for resource in settings["resources"] for m in _resource(folder / resource)]
    for patch in settings.get("patches", []):
        _apply(yaml.safe_load((folder / patch["path"]).read_text()), manifests)
    for image in settings.get("images", []):
        _rename(image, manifests)
    for manifest in manifests:
        if "namespace" in settings and manifest["kind"] not in CLUSTER_WIDE:
            manifest["metadata"]["namespace"] = settings["namespace"]
    return manifests


def find(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """Return the one manifest of that kind and name."""
    [manifest] = [m for m in manifests if (m["kind"], m["metadata"]["name"]) == (kind, name)]
    return manifest


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Return the pod template of each workload under the workload's name."""
    return {m["metadata"]["name"]: m["spec"]["template"] for m in manifests if "template" in m.get("spec", {})}


def containers(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Return every container under its name."""
    return {c["name"]: c for pod in pods(manifests).values() for c in pod["spec"]["containers"]}


def _resource(path: Path) -> list[Manifest]:
    return render(path) if path.is_dir() else list(yaml.safe_load_all(path.read_text()))


def _apply(patch: Manifest, manifests: list[Manifest]) -> None:
    target = find(manifests, patch["kind"], patch["metadata"]["name"])
    assert target["apiVersion"] == patch["apiVersion"]
    target.update(_merge(target, patch))


def _merge(old: Any, new: Any) -> Any:
    """Merge as `kubectl apply` does: maps by key, lists of named items by name, anything else replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: _merge(old.get(key), value) for key, value in new.items()}
    if isinstance(old, list) and all(isinstance(item, dict) and "name" in item for item in [*old, *new]):
        return _merge_named({item["name"]: item for item in old}, {item["name"]: item for item in new})
    return new


def _merge_named(old: dict[str, Any], new: dict[str, Any]) -> list[Any]:
    added = [item for name, item in new.items() if name not in old]
    return added + [_merge(item, new.get(name, {})) for name, item in old.items()]


def _rename(image: Manifest, manifests: list[Manifest]) -> None:
    for container in containers(manifests).values():
        if container["image"] == image["name"]:
            container["image"] = f"{image['newName']}:{image['newTag']}"
