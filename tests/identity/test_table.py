"""The table of roles has an entry for every method and route of both planes, and docs/security.md shows it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from pretzel.control_plane.serve.server import SERVICES
from pretzel.data_plane.orca import messages as orca
from pretzel.data_plane.rest.api import Api
from pretzel.data_plane.serve.reflection import SERVICES as REFLECTION
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.transport.methods import FORMS
from pretzel.inference.pool import POOL as INFERENCE
from pretzel.inference.service_pb2_grpc import NAME
from pretzel.serving.identity.roles import Role
from pretzel.serving.identity.table import CLOSED, METHODS, OPEN, ROUTES, On, rule_of
from pretzel.v1 import (
    audit_pb2,
    control_pb2,
    overview_pb2,
    placement_pb2,
    prediction_pb2,
    quota_pb2,
    rollout_pb2,
    schedule_pb2,
    worker_pb2,
)

PAGE = Path(__file__).parents[2] / "docs" / "security.md"


def services() -> list[ServiceDescriptor]:
    found = [
        service
        for file in (
            audit_pb2,
            control_pb2,
            overview_pb2,
            placement_pb2,
            prediction_pb2,
            quota_pb2,
            rollout_pb2,
            schedule_pb2,
            worker_pb2,
            health_pb2,
            reflection_pb2,
        )
        for service in file.DESCRIPTOR.services_by_name.values()
    ]
    return [*found, INFERENCE.FindServiceByName(NAME), orca.POOL.FindServiceByName(orca.NAME)]


def paths() -> set[str]:
    walked = {f"/{service.full_name}/{method.name}" for service in services() for method in service.methods}
    return walked | {f"/{service}/ServerReflectionInfo" for service in REFLECTION}


def test_every_method_has_a_rule():
    assert paths() == set(METHODS)
    assert {service.full_name for service in services()} >= set(SERVICES)


def test_only_health_and_schemas_are_open():
    open_ones = {path.rpartition(".")[2] for path, rule in METHODS.items() if rule is OPEN}
    health = {"Health/Check", "Health/List", "Health/Watch"}
    server = {f"GRPCInferenceService/Server{name}" for name in ("Live", "Ready", "Metadata")}
    assert open_ones == health | server | {"ServerReflection/ServerReflectionInfo"}


def test_every_route_has_a_rule():
    backend = SimpleNamespace(tally=None, settings=Settings())
    service: Any = SimpleNamespace(backend=backend, fast=None)
    assert set(Api(service, None).routes.all) == set(ROUTES)  # type: ignore[arg-type]


def test_an_unknown_method_is_closed():
    assert rule_of("/pretzel.v1.ControlPlaneService/New") is CLOSED
    assert (CLOSED.role, CLOSED.on) == (Role.ADMINISTER, On.ALL)


@pytest.mark.parametrize("path", FORMS)
def test_the_hot_path_decides_by_the_rule_of_models(path: str):
    assert (METHODS[path].role, METHODS[path].on) == (Role.PREDICT, On.MODEL)


ON = {
    On.MODEL: "the model",
    On.SOME: "at least one model",
    On.PREFIX: "all models of the prefix",
    On.ALL: "all models",
    On.SELF: "all models; others see their own",
}


def row(name: str, rule: Any) -> str:
    if rule.role is None:
        return f"| `{name}` | open | |"
    return f"| `{name}` | {rule.role} | {'' if rule.role is Role.WORKER else ON[rule.on]} |"


@pytest.mark.parametrize("table", [METHODS, ROUTES], ids=["methods", "routes"])
def test_the_page_shows_the_table(table: Any):
    lines = set(PAGE.read_text().splitlines())
    missing = [line for line in (row(name.lstrip("/"), rule) for name, rule in table.items()) if line not in lines]
    assert not missing, "docs/security.md lacks\n" + "\n".join(missing)
