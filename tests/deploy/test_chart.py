"""The Helm chart renders the objects of the kustomizations, and refuses values that do not fit."""

import json
import re

import jsonschema
import kubernetes_validate
import pytest
import yaml

import pretzel
from pretzel.control_plane.settings import Settings as ControlPlane
from pretzel.data_plane.settings import Settings as Worker
from tests.deploy.chart import CHART, NAMESPACE, PRODUCTION_VALUES, lint, plain, refusal, template
from tests.deploy.custom_schemas import SCHEMAS
from tests.deploy.kustomized import KUBERNETES, PRODUCTION, build, build_with
from tests.deploy.manifests import CLUSTER_WIDE, containers, find, pods
from tests.deploy.test_kubernetes import VERSIONS
from tests.deploy.test_policies import check

MEMORY = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "4Gi"}}
ADDRESSES = {"catalog": {"cidrs": ["192.0.2.0/24"]}, "store": {"cidrs": ["198.51.100.0/24"]}}
SHARED = {"controlPlane": {"shared": {"enabled": True}, "resources": MEMORY}}
TLS = {"tls": {"enabled": True}}
COMPONENTS = {
    (): {},
    ("replicas",): SHARED,
    ("tls",): TLS,
    ("tls", "identities"): TLS | {"identities": {"enabled": True}},
    ("replicas", "network"): SHARED | {"networkPolicies": {"egress": {"enabled": True} | ADDRESSES}},
    ("replicas", "network", "direct-fetch"): SHARED
    | {"networkPolicies": {"egress": {"enabled": True, "workersToStore": True} | ADDRESSES}},
    ("priority",): {"priorityClass": {"create": True, "name": "pretzel-serving"}},
    ("monitoring",): {"monitoring": {"enabled": True}},
    ("keda",): {"worker": {"scaling": {"by": "keda"}}},
    ("python-stages",): {
        "pythonStages": {"enabled": True},
        "worker": {"resources": {"limits": {"memory": "8Gi"}}},
    },
}
"""Components of kustomize, and the values of the chart that do the same."""
EVERYTHING = {
    "fullnameOverride": "models",
    "image": {"digest": f"sha256:{'0' * 64}", "pullPolicy": "Always", "pullSecrets": ["registry"]},
    "serviceAccount": {"name": "serving", "annotations": {"example.com/role": "models"}},
    "controlPlane": {"settings": {"keep_versions": 3}, "tolerations": [{"key": "models", "operator": "Exists"}]},
    "worker": {
        "scaling": {"by": "keda", "keda": {"selector": 'namespace="scoring"', "callsInWork": 2.5}},
        "settings": {"request_memory_bytes": 8589934592, "shed_after_seconds": 0.25, "tracing": True},
        "podLabels": {"team": "risk"},
        "podAnnotations": {"example.com/note": "n"},
        "nodeSelector": {"pool": "models"},
        "affinity": {"podAntiAffinity": {}},
        "drainSeconds": 60,
    },
    "tls": {"certManager": {"workerNames": ["models.example.com"]}},
    "networkPolicies": {"egress": {"more": [{"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}]}},
    "monitoring": {"enabled": True, "labels": {"release": "prometheus"}},
    "pythonStages": {"enabled": True, "memory": "1GiB"},
}
"""All values that production leaves as they are."""
RENDERED = {
    "default": lambda: template(),
    "production": lambda: template(PRODUCTION_VALUES),
    "everything": lambda: template(PRODUCTION_VALUES, values=EVERYTHING),
    "volume": lambda: template(
        values=TLS | {"controlPlane": {"volume": {"storageClassName": "fast"}}, "worker": {"scaling": {"by": "fixed"}}}
    ),
    "python-stages": lambda: template(values=COMPONENTS["python-stages",]),
}
EACH = pytest.mark.parametrize("name", RENDERED)


def in_the_namespace(manifests):
    """Return the objects of a kustomization as an overlay with the namespace and an image would have them."""
    for manifest in manifests:
        if manifest["kind"] not in CLUSTER_WIDE | {"PriorityClass"}:
            manifest["metadata"]["namespace"] = NAMESPACE
    for container in containers(manifests).values():
        container["image"] = f"{container['image']}:{pretzel.__version__}"
    return manifests


@pytest.mark.parametrize("release", ["pretzel", "blue"])
def test_production_is_that_of_the_overlay(release):
    expected = plain([m for m in build(PRODUCTION) if m["kind"] != "Namespace"])  # the one thing that Helm leaves to us
    rendered = template(PRODUCTION_VALUES, release=release)
    names = {m["metadata"]["name"] for m in rendered if m["kind"] != "PriorityClass"}
    assert release == "pretzel" or all(name.startswith("blue-pretzel") for name in names)
    assert plain(rendered, release) == expected


@pytest.mark.parametrize("components", COMPONENTS, ids=lambda components: "+".join(components) or "base")
def test_values_do_what_components_do(components):
    expected = plain(in_the_namespace(build_with(*components)))
    assert plain(template(values=COMPONENTS[components])) == expected


def test_every_component_is_compared():
    there = {path.parent.name for path in KUBERNETES.glob("components/*/kustomization.yaml")}
    production = yaml.safe_load((PRODUCTION / "kustomization.yaml").read_text())["components"]
    assert there == {name for names in COMPONENTS for name in names} | {name.rpartition("/")[2] for name in production}


@EACH
@pytest.mark.parametrize("version", VERSIONS)
def test_schemas(name, version):
    for manifest in RENDERED[name]():
        if manifest["kind"] in SCHEMAS:
            jsonschema.validate(manifest, SCHEMAS[manifest["kind"]])
        else:
            kubernetes_validate.validate(manifest, version, strict=True)


@EACH
def test_pods_obey_the_policies(name):
    check(RENDERED[name]())


@EACH
def test_selectors_find_the_pods_of_one_release(name):
    manifests = RENDERED[name]()
    labels = [pod["metadata"]["labels"] for pod in pods(manifests).values()]
    for manifest in manifests:
        spec = manifest.get("spec", {})
        selector = spec.get("podSelector") or spec.get("selector") or {}
        wanted = selector.get("matchLabels", selector)
        if wanted:
            assert wanted["app.kubernetes.io/instance"] == "pretzel"
            assert any(wanted.items() <= own.items() for own in labels), manifest["metadata"]["name"]


def test_the_linter_finds_nothing():
    for values in ({}, TLS, EVERYTHING):
        found = lint(*([PRODUCTION_VALUES] if values is EVERYTHING else []), values=values)
        assert "[WARNING]" not in found and "[ERROR]" not in found


def test_versions_are_those_of_the_package():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == pretzel.__version__
    assert {c["image"] for c in containers(template()).values()} == {f"pretzel:{pretzel.__version__}"}


def test_values_reach_the_objects():
    manifests = RENDERED["everything"]()
    pod = pods(manifests)["models-worker"]
    [container] = pod["spec"]["containers"]
    variables = {item["name"]: item.get("value") for item in container["env"]}
    assert variables["PRETZEL_REQUEST_MEMORY_BYTES"] == "8589934592"
    assert (variables["PRETZEL_SHED_AFTER_SECONDS"], variables["PRETZEL_TRACING"]) == ("0.25", "true")
    assert variables["PRETZEL_CONTROL_PLANE"] == "https://models-control-plane:8101"
    assert container["image"] == f"registry.example.com/pretzel@sha256:{'0' * 64}"
    assert pod["spec"]["terminationGracePeriodSeconds"] == 80 and "--drain-seconds=60" in container["args"]
    assert pod["metadata"]["labels"]["team"] == "risk" and pod["spec"]["nodeSelector"] == {"pool": "models"}
    assert "models.example.com" in find(manifests, "Certificate", "models-worker")["spec"]["dnsNames"]
    [query, _] = find(manifests, "ScaledObject", "models-worker")["spec"]["triggers"]
    assert query["metadata"]["query"] == 'sum(rate(pretzel_request_seconds_sum{namespace="scoring"}[1m]))'
    assert query["metadata"]["threshold"] == "2.5"
    [endpoint] = find(manifests, "PodMonitor", "models-worker")["spec"]["podMetricsEndpoints"]
    assert endpoint["tlsConfig"]["ca"]["secret"] == {"name": "models-worker-tls", "key": "ca.crt"}
    assert len(find(manifests, "NetworkPolicy", "models-names")["spec"]["egress"]) == 2


@pytest.mark.parametrize("component, kind", [("control-plane", ControlPlane), ("worker", Worker)])
def test_settings_that_the_chart_sets_are_not_for_values(component, kind):
    source = (CHART / "templates/_pods.tpl").read_text()
    [taken] = re.findall(rf'define "pretzel.taken.{component}" -}}}}(.*?){{{{', source, re.DOTALL)
    set_by_the_chart = set()
    for name in ("production", "volume", "python-stages"):
        container = containers(RENDERED[name]())[component]
        set_by_the_chart |= {word[2:].partition("=")[0].replace("-", "_") for word in container["args"][1:]}
        set_by_the_chart |= {i["name"].removeprefix("PRETZEL_").lower() for i in container["env"]}
    assert {*yaml.safe_load(taken)} == set_by_the_chart - {"pod_name", "pod_ip", "workers", "direct_fetch"}
    assert {*yaml.safe_load(taken)} <= kind.model_fields.keys()


REFUSED = [
    ({"controlPlan": {}}, r"additional properties 'controlPlan' not allowed"),
    ({"worker": {"replicas": 3}}, r"at '/worker': additional properties 'replicas' not allowed"),
    ({"image": {"tag": "latest"}}, r"at '/image/tag'"),
    ({"image": {"digest": "sha256:12"}}, r"at '/image/digest': 'sha256:12' does not match pattern"),
    (
        {"worker": {"scaling": {"by": "memory"}}},
        r"at '/worker/scaling/by': value must be one of 'cpu', 'keda', 'fixed'",
    ),
    ({"worker": {"scaling": {"minReplicas": 11}}}, r"worker.scaling: minReplicas is 11, more than maxReplicas, 10"),
    ({"worker": {"memoryBudget": "2Gi"}}, r"at '/worker/memoryBudget': got string, want integer"),
    ({"worker": {"resources": {"limits": {"cpu": 2}}}}, r"at '/worker/resources/limits': additional properties 'cpu'"),
    ({"worker": {"resources": {"limits": {"memory": "4GiB"}}}}, r"at '/worker/resources/limits/memory': '4GiB'"),
    (
        {"worker": {"settings": {"port": 1}}},
        r"worker.settings.port: the chart sets it; values.yaml has what can be set",
    ),
    ({"controlPlane": {"settings": {"catalog": "x"}}}, r"controlPlane.settings.catalog: the chart sets it"),
    ({"worker": {"settings": {"Workers": 4}}}, r"at '/worker/settings/Workers'"),
    (
        {"worker": {"settings": {"pin": ["a"]}}},
        r"at '/worker/settings/pin': got array, want boolean or number or string",
    ),
    ({"worker": {"podLabels": {"app.kubernetes.io/name": "x"}}}, r"app.kubernetes.io/name"),
    ({"worker": {"drainSeconds": 0}}, r"at '/worker/drainSeconds': minimum: got 0, want 1"),
    ({"worker": {"spread": {"zones": "Never"}}}, r"at '/worker/spread/zones': value must be one of"),
    ({"identities": {"enabled": True}}, r"at '/tls/enabled': value must be true"),
    ({"tls": {"certManager": {"enabled": True}}}, r"at '/tls/enabled': value must be true"),
    (
        {"tls": {"enabled": True, "certManager": {"enabled": True}}},
        r"at '/tls/certManager/issuer/name': minLength: got 0, want 1",
    ),
    ({"priorityClass": {"create": True}}, r"at '/priorityClass/name': minLength"),
    (
        SHARED | {"networkPolicies": {"egress": {"enabled": True}}},
        r"at '/networkPolicies/egress/catalog/cidrs': minItems: got 0, want 1",
    ),
    ({"networkPolicies": {"egress": {"catalog": {"cidrs": ["db"]}}}}, r"cidrs/0': 'db' does not match pattern"),
    (
        {"networkPolicies": {"egress": {"enabled": True, "workersToStore": True}}},
        r"at '/networkPolicies/egress/store/cidrs': minItems: got 0, want 1",
    ),
    (
        {"networkPolicies": {"egress": {"enabled": True}}, "worker": {"settings": {"direct_fetch": True}}},
        r"worker.settings.direct_fetch: networkPolicies.egress.workersToStore sets it",
    ),
    ({"networkPolicies": {"ingress": False, "egress": {"enabled": True}}}, r"at '/networkPolicies/ingress'"),
    ({"fullnameOverride": "a" * 39}, r"at '/fullnameOverride': maxLength: got 39, want 38"),
]


@pytest.mark.parametrize("values, message", REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_values_are_refused(values, message):
    assert re.search(message, refusal(values=values)), refusal(values=values)


def test_a_long_name_of_the_release_is_refused():
    assert 'the name "' + "a" * 40 + '-pretzel" has 48 characters and may have 38' in refusal(
        values={}, release="a" * 40
    )


def test_every_value_of_the_schema_has_a_default():
    schema = json.loads((CHART / "values.schema.json").read_text())
    known = {*ends_of(schema, schema["$defs"])}
    assert {*paths(yaml.safe_load((CHART / "values.yaml").read_text()), known)} == known - {"global"}


def ends_of(schema, definitions, prefix=""):
    """Yield the path of each property that has no properties."""
    if "$ref" in schema:
        schema = schema | definitions[schema["$ref"].rpartition("/")[2]]
    for name, inner in schema.get("properties", {}).items():
        yield from {*ends_of(inner, definitions, f"{prefix}{name}.")} or {f"{prefix}{name}"}


def paths(values, ends, prefix=""):
    """Yield the path of each value, down to the ends."""
    for name, value in values.items():
        path = f"{prefix}{name}"
        yield from paths(value, ends, f"{path}.") if isinstance(value, dict) and path not in ends else [path]
