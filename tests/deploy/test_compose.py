"""The compose file is valid, and the ports, volumes and health checks of its services agree."""

import json
from importlib import resources

import jsonschema
import pytest
import yaml

from tests.deploy.manifests import DEPLOY

COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = pytest.mark.parametrize("service", COMPOSE["services"].values(), ids=COMPOSE["services"])


def schema():
    return json.loads((resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())


def test_schema():
    jsonschema.validate(COMPOSE, schema())


def test_schema_rejects_a_wrong_field():
    broken = COMPOSE | {"services": {"worker": {"image": "pretzel", "entry": "worker"}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema())


@SERVICES
def test_the_image_can_be_built(service):
    context = (DEPLOY / service["build"]["context"]).resolve()
    assert (context / service["build"]["dockerfile"]).is_file()
    assert (context / "pyproject.toml").is_file()


@SERVICES
def test_ports_are_published_on_loopback_only(service):
    assert service["ports"] and all(port.startswith("127.0.0.1:") for port in service["ports"])


@SERVICES
def test_no_privilege(service):
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.keys() & {"privileged", "user", "network_mode", "pid"}


@SERVICES
def test_volumes_exist(service):
    for volume in service["volumes"]:
        name, target = volume.split(":")
        assert name in COMPOSE["volumes"]
        assert any(target in word for word in service["command"])


@SERVICES
def test_health_is_checked_on_a_published_port(service):
    command, program, address = service["healthcheck"]["test"]
    assert (command, program) == ("CMD", "pretzel-health")
    published = [port.rpartition(":")[2] for port in service["ports"]]
    assert address.partition(":")[2] in published


def test_the_worker_knows_the_control_plane():
    name, port = "control-plane", COMPOSE["services"]["control-plane"]["ports"][0].rpartition(":")[2]
    assert f"--control-plane={name}:{port}" in COMPOSE["services"]["worker"]["command"]
    assert COMPOSE["services"]["worker"]["depends_on"] == {name: {"condition": "service_healthy"}}
