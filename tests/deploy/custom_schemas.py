"""Schemas of the custom resources under deploy/, of the fields that we use.

The names, types and required fields are those of the published definitions: KServe's `servingruntime_types.go` and
`serving.kserve.io_inferenceservices.yaml`, the Prometheus operator's `monitoring.coreos.com_podmonitors.yaml`, and
KEDA's `keda.sh_scaledobjects.yaml`, and cert-manager's `cert-manager.io_certificates.yaml`.  Fields that we do not use
are left out, so that a misspelt one is rejected.
Containers and volumes are checked by the schema of a pod.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
COUNT: Schema = {"type": "integer", "minimum": 0}
DURATION: Schema = {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d|w|y))+$"}
ANY: Schema = {"type": "object"}


def fields(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Return the schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def each(item: Schema) -> Schema:
    return {"type": "array", "items": item, "minItems": 1}


def resource(version: str, kind: str, spec: Schema) -> Schema:
    metadata = fields(("name",), name=TEXT, namespace=TEXT, labels=TEXTS, annotations=TEXTS)
    return fields(
        ("apiVersion", "kind", "metadata", "spec"),
        apiVersion={"const": version},
        kind={"const": kind},
        metadata=metadata,
        spec=spec,
    )


_FORMAT = fields(
    ("name",), name=TEXT, version=TEXT, autoSelect={"type": "boolean"}, priority={"type": "integer", "minimum": 1}
)
_PROTOCOL: Schema = {"enum": ["v1", "v2", "grpc-v1", "grpc-v2"]}
_RUNTIME = fields(
    ("containers",),
    supportedModelFormats=each(_FORMAT),
    protocolVersions=each(_PROTOCOL),
    annotations=TEXTS,
    labels=TEXTS,
    containers=each(ANY),
    volumes=each(ANY),
    multiModel={"type": "boolean"},
    disabled={"type": "boolean"},
)
_MODEL = fields(
    ("modelFormat",),
    modelFormat=fields(("name",), name=TEXT, version=TEXT),
    protocolVersion=_PROTOCOL,
    storageUri=TEXT,
    runtime=TEXT,
)
_TRIGGER = fields(
    ("type", "metadata"),
    type=TEXT,
    name=TEXT,
    metricType={"enum": ["AverageValue", "Value", "Utilization"]},
    metadata=TEXTS | {"required": ["serverAddress", "query", "threshold"]},
)
_ENDPOINT = fields(
    port=TEXT,
    path=TEXT,
    interval=DURATION,
    scrapeTimeout=DURATION,
    scheme={"enum": ["http", "https"]},
    tlsConfig=fields(serverName=TEXT, ca=fields(secret=fields(("name", "key"), name=TEXT, key=TEXT))),
)
SCHEMAS = {
    "ClusterServingRuntime": resource("serving.kserve.io/v1alpha1", "ClusterServingRuntime", _RUNTIME),
    "InferenceService": resource(
        "serving.kserve.io/v1beta1",
        "InferenceService",
        fields(("predictor",), predictor=fields(minReplicas=COUNT, maxReplicas=COUNT, model=_MODEL)),
    ),
    "Certificate": resource(
        "cert-manager.io/v1",
        "Certificate",
        fields(
            ("secretName", "dnsNames", "issuerRef"),
            secretName=TEXT,
            duration=DURATION,
            renewBefore=DURATION,
            privateKey=fields(
                algorithm={"enum": ["RSA", "ECDSA", "Ed25519"]},
                size={"type": "integer", "minimum": 0},
                rotationPolicy={"enum": ["Never", "Always"]},
            ),
            usages=each(
                {"enum": ["digital signature", "key encipherment", "server auth", "client auth"]},
            ),
            dnsNames=each(TEXT),
            issuerRef=fields(("name",), name=TEXT, kind={"enum": ["Issuer", "ClusterIssuer"]}, group=TEXT),
        ),
    ),
    "PodMonitor": resource(
        "monitoring.coreos.com/v1",
        "PodMonitor",
        fields(
            ("selector", "podMetricsEndpoints"),
            selector=fields(matchLabels=TEXTS),
            podMetricsEndpoints=each(_ENDPOINT),
        ),
    ),
    "ScaledObject": resource(
        "keda.sh/v1alpha1",
        "ScaledObject",
        fields(
            ("scaleTargetRef", "triggers"),
            scaleTargetRef=fields(("name",), apiVersion=TEXT, kind=TEXT, name=TEXT),
            minReplicaCount=COUNT,
            maxReplicaCount=COUNT,
            pollingInterval=COUNT,
            cooldownPeriod=COUNT,
            fallback=fields(("failureThreshold", "replicas"), failureThreshold=COUNT, replicas=COUNT),
            advanced=fields(horizontalPodAutoscalerConfig=fields(behavior=ANY)),
            triggers=each(_TRIGGER),
        ),
    ),
}
