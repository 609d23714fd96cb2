"""The chart rendered by Helm itself, and its objects without what Helm adds."""

import copy
import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.manifests import DEPLOY, Manifest
from tests.helpers.kubernetes_tools import program

CHART = DEPLOY / "helm/pretzel"
PRODUCTION_VALUES = CHART / "values-production.yaml"
NAMESPACE = "scoring"
ADDED = {"app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart"}
"""Labels that objects of the chart have, and those of kustomize do not."""
Values = dict[str, Any]


def template(*files: Path, values: Values | None = None, release: str = "pretzel") -> list[Manifest]:
    """Return the objects that the chart renders with files of values, and further values."""
    return copy.deepcopy(_template(files, json.dumps(values or {}), release))


def refusal(*files: Path, values: Values, release: str = "pretzel") -> str:
    """Return the message of Helm for values that it refuses."""
    done = _helm("template", release, CHART, *_given(files), values=json.dumps(values))
    assert done.returncode, f"rendered: {done.stdout[:1000]}"
    return done.stderr


def lint(*files: Path, values: Values | None = None) -> str:
    """Return the findings of the strict linter, which must be none but information."""
    done = _helm("lint", "--strict", CHART, *_given(files), values=json.dumps(values or {}))
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


def plain(manifests: list[Manifest], release: str = "pretzel") -> dict[tuple[str, str], Manifest]:
    """Return objects by kind and name, in the form in which those of the chart and of kustomize are equal.

    Labels that Helm adds are removed, from selectors too, names begin with `pretzel`, and named items are sorted.
    """
    fullname = release if "pretzel" in release else f"{release}-pretzel"
    objects = [_plain(manifest, fullname) for manifest in manifests]
    return {(m["kind"], m["metadata"]["name"]): m for m in objects}


@functools.cache
def _template(files: tuple[Path, ...], values: str, release: str) -> list[Manifest]:
    done = _helm("template", release, CHART, *_given(files), values=values)
    assert not done.returncode, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def _given(files: tuple[Path, ...]) -> list[str]:
    return [f"--values={file}" for file in files]


def _helm(verb: str, *words: object, values: str) -> "subprocess.CompletedProcess[str]":
    """Run Helm with a home of its own, so that no configuration of the user's takes part."""
    with tempfile.TemporaryDirectory() as home:
        own = Path(home, "own.json")
        own.write_text(values)
        environment = {"PATH": os.environ["PATH"], "HOME": home}
        command = [program("helm"), verb, *map(str, words), f"--values={own}", f"--namespace={NAMESPACE}"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def _plain(value: Any, fullname: str) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item, fullname) for key, item in value.items() if key not in ADDED}
    if isinstance(value, list):
        items = [_plain(item, fullname) for item in value]
        named = all(isinstance(item, dict) and "name" in item for item in items)
        return sorted(items, key=lambda item: item["name"]) if named else items
    if isinstance(value, str):
        return value.replace(fullname, "pretzel") if fullname != "pretzel" else value
    return value
