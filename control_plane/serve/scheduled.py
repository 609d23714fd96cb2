"""The changes that can be scheduled, each as the request of the method that makes it."""

from __future__ import annotations

from typing import Any

from pretzel.control_plane.catalog.scheduling import Scheduled
from pretzel.errors import InputError
from pretzel.v1 import control_pb2, rollout_pb2
from pretzel.v1 import schedule_pb2 as pb

_CONTROL, _ROLLOUT = "/pretzel.v1.ControlPlaneService/", "/pretzel.v1.RolloutService/"
PATHS = {
    "SetAlias": f"{_CONTROL}SetAlias",
    "SetTraffic": f"{_ROLLOUT}SetTraffic",
    "StartRollout": f"{_ROLLOUT}StartRollout",
    "Freeze": f"{_ROLLOUT}Freeze",
    "Unfreeze": f"{_ROLLOUT}Unfreeze",
    "DeleteModel": f"{_CONTROL}DeleteModel",
}
"""Paths of the methods by their names."""
_FIELDS = {
    "SetAlias": "set_alias",
    "SetTraffic": "set_traffic",
    "StartRollout": "start_rollout",
    "Freeze": "freeze",
    "Unfreeze": "unfreeze",
    "DeleteModel": "delete_model",
}
_REQUESTS: dict[str, Any] = {
    "SetAlias": control_pb2.SetAliasRequest,
    "SetTraffic": rollout_pb2.SetTrafficRequest,
    "StartRollout": rollout_pb2.StartRolloutRequest,
    "Freeze": rollout_pb2.FreezeRequest,
    "Unfreeze": rollout_pb2.UnfreezeRequest,
    "DeleteModel": control_pb2.DeleteModelRequest,
}
_METHODS = {field: method for method, field in _FIELDS.items()}


def method_of(deferred: pb.Deferred) -> tuple[str, Any]:
    """Return the name of the method of a message, and its request.

    Raises:
        InputError: the message has none.
    """
    field = deferred.WhichOneof("change")
    if field is None:
        raise InputError(f"schedule: no change; expected one of {', '.join(_METHODS)}")
    return _METHODS[field], getattr(deferred, field)


def request_of(change: Scheduled) -> Any:
    """Return the request of a scheduled change."""
    return _REQUESTS[change.method].FromString(change.request)


def about(request: Any) -> str:
    """Return the model or the pattern that a request names, without a version or an alias."""
    named = getattr(request, "pattern", "") or getattr(request, "model", "").partition("@")[0].partition(":")[0]
    return str(named)[:200].replace("\0", "\ufffd")


def message_of(change: Scheduled) -> pb.ScheduledChange:
    """Return the message of a scheduled change."""
    deferred = pb.Deferred(**{_FIELDS[change.method]: request_of(change)})
    shown = ("id", "method", "at", "not_after", "note", "by", "scheduled", "status", "ended", "outcome")
    return pb.ScheduledChange(change=deferred, **{name: getattr(change, name) for name in shown})
