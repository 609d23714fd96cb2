"""Kustomizations rendered by kustomize itself, as `kubectl kustomize` has it."""

import copy
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

from tests.deploy.manifests import DEPLOY, Manifest
from tests.helpers.kubernetes_tools import program

KUBERNETES = DEPLOY / "kubernetes"
PRODUCTION = KUBERNETES / "overlays/production"


def build(folder: Path) -> list[Manifest]:
    """Return the manifests of a kustomization."""
    return copy.deepcopy(_build(folder))


def build_with(*components: str) -> list[Manifest]:
    """Return the manifests of the base with components, in this order."""
    return copy.deepcopy(_build_with(*components))


@functools.cache
def _build(folder: Path) -> list[Manifest]:
    done = subprocess.run([program("kubectl"), "kustomize", folder], capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@functools.cache
def _build_with(*components: str) -> list[Manifest]:
    with tempfile.TemporaryDirectory() as directory:
        shutil.copytree(KUBERNETES, Path(directory, "kubernetes"))
        overlay = Path(directory, "kubernetes/overlays/own")
        overlay.mkdir()
        settings = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": ["../../base"],
            "components": [f"../../components/{component}" for component in components],
        }
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(settings))
        return _build(overlay)
