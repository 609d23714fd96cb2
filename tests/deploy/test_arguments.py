"""The server arguments in the manifests are accepted by the real command line, with the intended meaning."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pretzel.control_plane.settings import Settings as ControlPlane
from pretzel.data_plane.settings import Settings as Worker
from tests.deploy.kustomized import KUBERNETES, PRODUCTION, build, build_with
from tests.deploy.manifests import BASE, DEPLOY, OVERLAY, containers, render

KINDS = {"control-plane": ControlPlane, "worker": Worker}
TLS = {"PRETZEL_TLS_CERT", "PRETZEL_TLS_KEY"}


def secret_urls():
    """Return the examples of URLs that stand above the variables which come from secrets."""
    text = (KUBERNETES / "components/replicas/control-plane.yaml").read_text()
    return {name: url for url, name in re.findall(r"# (\w+://\S+)\n *- name: (PRETZEL_\w+)", text)}


def command_lines():
    """Every server command line in the manifests: its location, words, plain environment and ports."""
    rendered = {folder.name: render(folder) for folder in (BASE, OVERLAY)}
    if shutil.which("kubectl"):
        rendered |= {"production": build(PRODUCTION), "python-stages": build_with("python-stages")}
    for kustomization, manifests in rendered.items():
        for name, container in containers(manifests).items():
            variables = {item["name"]: item["value"] for item in container.get("env", []) if "value" in item}
            secret = {item["name"] for item in container.get("env", []) if "secretKeyRef" in item.get("valueFrom", {})}
            variables |= {name: secret_urls()[name] for name in secret}
            ports = [port["containerPort"] for port in container["ports"]]
            yield f"{kustomization}:{name}", container["args"], variables, ports
    for name, service in yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].items():
        yield f"compose:{name}", service["command"], {}, [int(port.rpartition(":")[2]) for port in service["ports"]]


LINES = list(command_lines())
EVERY = pytest.mark.parametrize(
    "words, variables, ports", [line[1:] for line in LINES], ids=[line[0] for line in LINES]
)


def run(words, variables, directory):
    """Run the real command line, which must exit on its own."""
    program = Path(sys.executable).with_name("pretzel")
    environment = {**os.environ, **variables}
    done = subprocess.run([program, *words], cwd=directory, env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


@EVERY
def test_accepted_by_the_command_line(words, variables, ports, tmp_path):
    # All arguments are read before the address is rejected: a single error shows that all others were accepted.
    variables = {name: value for name, value in variables.items() if name not in {*TLS, "PRETZEL_INSECURE"}}
    code, errors = run([word for word in words if word != "--insecure"], variables, tmp_path)
    assert code != 0
    assert "0.0.0.0" in errors and "insecure" in errors, errors


@pytest.mark.parametrize("command", KINDS)
def test_an_unknown_option_is_rejected(command, tmp_path):
    code, errors = run([command, "--host=0.0.0.0", "--no-such-option=1"], {}, tmp_path)
    assert code != 0
    assert "no-such-option" in errors, errors


@EVERY
def test_has_the_meaning_of_the_manifest(words, variables, ports, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    command, *options = words
    values = {
        option.removeprefix("--").partition("=")[0].replace("-", "_"): option.partition("=")[2] for option in options
    }
    values |= {name.removeprefix("PRETZEL_").lower(): value for name, value in variables.items()}
    assert values.keys() <= KINDS[command].model_fields.keys()
    settings = KINDS[command](**values | {"insecure": True})
    assert settings.host == "0.0.0.0" and ("insecure" in values) != ("tls_cert" in values)
    http = {int(values["http"])} if "http" in values else set()
    assert {*ports} <= {value for name, value in settings if name.endswith("port")} | http
