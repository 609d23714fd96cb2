"""The role that each method of both planes needs: one table, which tests compare with the services and routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from pretzel.serving.identity.caller import Access, Caller
from pretzel.serving.identity.roles import Role


class On(Enum):
    """On which models a role is needed."""

    MODEL = auto()
    """On the model that the request names; of several, on each."""
    SOME = auto()
    """On one model at least: the answer shows only those."""
    PREFIX = auto()
    """On all models that start with the prefix in the request."""
    ALL = auto()
    """On all models."""
    SELF = auto()
    """On all models, to see all identities; without it, callers see themselves."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The role that a method needs, and on which models."""

    role: Role | None = None
    """None for a method that is open to all."""
    on: On = On.ALL

    def admit(self, caller: Caller) -> Access:
        """Check what is known before the request is read, and return the access of the call.

        Raises:
            PermissionDeniedError: the caller lacks the role on all models that the request may name.
        """
        assert self.role is not None
        if self.on is On.ALL:
            caller.require_prefix(self.role, "")
        elif self.on is not On.SELF:
            caller.require_some(self.role)
        return caller.access(self.role)

    def lasting(self, identify: Callable[[], Caller]) -> Access:
        """Return the access of a call that may outlast its credential, which ``identify`` looks up, now and then.

        Raises:
            UnauthenticatedError: the credential is not accepted.
            PermissionDeniedError: as :meth:`admit`.
        """

        def renew() -> Caller:
            return self.admit(identify()).caller

        caller = renew()
        assert self.role is not None
        return Access(caller, self.role, renew=renew)


OPEN = Rule()
CLOSED = Rule(Role.ADMINISTER, On.ALL)
"""The rule of a method that is missing in the table."""
_CONTROL, _OVERVIEW = "/pretzel.v1.ControlPlaneService/", "/pretzel.v1.OverviewService/"
_ROLLOUT = "/pretzel.v1.RolloutService/"
_PLACEMENT, _SCHEDULE = "/pretzel.v1.PlacementService/", "/pretzel.v1.ScheduleService/"
_WORKER, _PREDICTION = "/pretzel.v1.WorkerService/", "/pretzel.v1.PredictionService/"
_INFERENCE, _HEALTH = "/inference.GRPCInferenceService/", "/grpc.health.v1.Health/"
_PREDICT, _READ = Rule(Role.PREDICT, On.MODEL), Rule(Role.READ, On.MODEL)
_DEPLOY, _SOME = Rule(Role.DEPLOY, On.MODEL), Rule(Role.READ, On.SOME)
_SHARED = Rule(Role.PREDICT, On.ALL)
_SERVER = Rule(Role.ADMINISTER, On.ALL)
_REFLECTION = ("/grpc.reflection.v1alpha.ServerReflection/", "/grpc.reflection.v1.ServerReflection/")

METHODS: Mapping[str, Rule] = {
    f"{_CONTROL}FindMissingObjects": Rule(Role.DEPLOY, On.SOME),
    f"{_CONTROL}UploadObjects": Rule(Role.DEPLOY, On.SOME),
    f"{_CONTROL}DeployModel": _DEPLOY,
    f"{_CONTROL}ListModels": _SOME,
    f"{_CONTROL}DescribeVersion": _READ,
    f"{_CONTROL}ExplainModel": _READ,
    f"{_CONTROL}SetAlias": _DEPLOY,
    f"{_CONTROL}DeleteModel": _DEPLOY,
    f"{_CONTROL}SetLabels": _DEPLOY,
    f"{_CONTROL}DeleteModels": Rule(Role.DEPLOY, On.PREFIX),
    f"{_CONTROL}CollectGarbage": _SERVER,
    f"{_CONTROL}CheckStore": _SERVER,
    "/pretzel.v1.AuditService/ListAudit": Rule(Role.ADMINISTER, On.SOME),
    "/pretzel.v1.QuotaService/ListQuotas": Rule(Role.ADMINISTER, On.SELF),
    f"{_ROLLOUT}SetTraffic": _DEPLOY,
    f"{_ROLLOUT}SetShadow": _DEPLOY,
    f"{_ROLLOUT}DescribeShadow": _READ,
    f"{_ROLLOUT}Freeze": _SERVER,
    f"{_ROLLOUT}Unfreeze": _SERVER,
    f"{_ROLLOUT}ListFreezes": Rule(Role.READ, On.ALL),
    **{f"{_ROLLOUT}{what}Rollout": _DEPLOY for what in ("Start", "Pause", "Resume", "Abort", "Promote")},
    f"{_ROLLOUT}GetRollout": _READ,
    f"{_ROLLOUT}ListRollouts": _SOME,
    **{f"{_SCHEDULE}{what}": Rule(Role.DEPLOY, On.SOME) for what in ("ScheduleChange", "CancelScheduled")},
    f"{_SCHEDULE}ListSchedule": _SOME,
    f"{_PLACEMENT}SetHints": _DEPLOY,
    f"{_PLACEMENT}FindWorkers": _READ,
    f"{_OVERVIEW}MeasureSharing": Rule(Role.READ, On.ALL),
    f"{_OVERVIEW}ListRelatedModels": _READ,
    f"{_OVERVIEW}ListWorkers": Rule(Role.READ, On.ALL),
    f"{_OVERVIEW}ListFailedVerifications": _SOME,
    f"{_WORKER}Watch": Rule(Role.WORKER, On.ALL),
    f"{_WORKER}FetchObjects": Rule(Role.WORKER, On.ALL),
    f"{_WORKER}LocateObjects": Rule(Role.WORKER, On.ALL),
    f"{_WORKER}Report": Rule(Role.WORKER, On.ALL),
    f"{_PREDICTION}Predict": _PREDICT,
    f"{_PREDICTION}PredictStream": _PREDICT,
    f"{_PREDICTION}PredictMany": _PREDICT,
    f"{_PREDICTION}DescribeModel": _PREDICT,
    f"{_INFERENCE}ServerLive": OPEN,
    f"{_INFERENCE}ServerReady": OPEN,
    f"{_INFERENCE}ServerMetadata": OPEN,
    f"{_INFERENCE}ModelReady": _PREDICT,
    f"{_INFERENCE}ModelMetadata": _PREDICT,
    f"{_INFERENCE}ModelConfig": _PREDICT,
    f"{_INFERENCE}ModelInfer": _PREDICT,
    f"{_INFERENCE}ModelStreamInfer": _PREDICT,
    f"{_INFERENCE}ModelStatistics": _SOME,
    f"{_INFERENCE}RepositoryIndex": _SOME,
    f"{_INFERENCE}RepositoryModelLoad": _DEPLOY,
    f"{_INFERENCE}RepositoryModelUnload": _DEPLOY,
    f"{_INFERENCE}SystemSharedMemoryStatus": _SHARED,
    f"{_INFERENCE}SystemSharedMemoryRegister": _SHARED,
    f"{_INFERENCE}SystemSharedMemoryUnregister": _SHARED,
    f"{_INFERENCE}CudaSharedMemoryStatus": _SHARED,
    f"{_INFERENCE}CudaSharedMemoryRegister": _SHARED,
    f"{_INFERENCE}CudaSharedMemoryUnregister": _SHARED,
    f"{_INFERENCE}TraceSetting": _SERVER,
    f"{_INFERENCE}LogSettings": _SERVER,
    "/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics": Rule(Role.PREDICT, On.SOME),
    f"{_HEALTH}Check": OPEN,
    f"{_HEALTH}List": OPEN,
    f"{_HEALTH}Watch": OPEN,
    **{f"{service}ServerReflectionInfo": OPEN for service in _REFLECTION},
}
"""By the path of the method."""

_V2, _VERSION = "/v2/models/*", "/v2/models/*/versions/*"

ROUTES: Mapping[str, Rule] = {
    "GET /v2": OPEN,
    "GET /v2/health/live": OPEN,
    "GET /v2/health/ready": OPEN,
    "GET /ping": OPEN,
    "GET /health": OPEN,
    "GET /version": OPEN,
    "GET /openapi.json": OPEN,
    "GET /v2/models/stats": _SOME,
    "GET /v2/systemsharedmemory/status": _SHARED,
    "GET /v2/systemsharedmemory/region/*/status": _SHARED,
    **{
        f"GET {start}{end}": _PREDICT for start in (_V2, _VERSION) for end in ("", "/ready", "/config", "/openapi.json")
    },
    **{f"GET {start}/stats": _READ for start in (_V2, _VERSION)},
    **{f"POST {start}/infer": _PREDICT for start in (_V2, _VERSION)},
    "POST /v2/repository/index": _SOME,
    "POST /v2/repository/models/*/load": _DEPLOY,
    "POST /v2/repository/models/*/unload": _DEPLOY,
    "POST /v2/systemsharedmemory/region/*/register": _SHARED,
    "POST /v2/systemsharedmemory/region/*/unregister": _SHARED,
    "POST /v2/systemsharedmemory/unregister": _SHARED,
    "GET /v1/models/*": _PREDICT,
    "GET /v1/models/*/versions/*": _PREDICT,
    "POST /v1/models/*:predict": _PREDICT,
    "POST /v1/models/*/versions/*:predict": _PREDICT,
    "POST /invocations": Rule(Role.PREDICT, On.MODEL),
}
"""By the method and the path of the HTTP front, in which ``*`` is a name."""
METRICS = Rule(Role.READ, On.ALL)
"""The rule of ``/metrics`` if it is closed."""


def rule_of(path: str) -> Rule:
    """Return the rule of a method; one that is missing in the table is closed to all but administrators."""
    return METHODS.get(path, CLOSED)
