"""The SDK: predictions from workers, deployment through the control plane.

It requires NumPy, grpcio and protobuf.  pandas, SciPy and scikit-learn are used if installed.
The names below are imported on first use, because other packages use modules of this one that do not need gRPC.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pretzel.client.asynchronous import AsyncClient, AsyncControlPlane
    from pretzel.client.blocking import Client
    from pretzel.client.planes import ControlPlane
    from pretzel.client.request_ids import request_id, route_key
    from pretzel.plan.rollout import Rules
    from pretzel.plan.terms import Terms

_HOMES = {
    "Client": "pretzel.client.blocking",
    "ControlPlane": "pretzel.client.planes",
    "AsyncClient": "pretzel.client.asynchronous",
    "AsyncControlPlane": "pretzel.client.asynchronous",
    "Rules": "pretzel.plan.rollout",
    "Terms": "pretzel.plan.terms",
    "request_id": "pretzel.client.request_ids",
    "route_key": "pretzel.client.request_ids",
}

__all__ = ["AsyncClient", "AsyncControlPlane", "Client", "ControlPlane", "Rules", "Terms", "request_id", "route_key"]


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name when the name is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pretzel.client' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
