"""The SDK: predictions from workers, deployment through the control plane.

It needs NumPy, grpcio and protobuf; pandas, SciPy and scikit-learn are used where they are, and never asked for.
The names below are found on first use: the rooms above take parts of this one that know nothing of gRPC.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pretzel.client.asynchronous import AsyncClient, AsyncControlPlane
    from pretzel.client.blocking import Client, ControlPlane

_HOMES = {
    "Client": "pretzel.client.blocking",
    "ControlPlane": "pretzel.client.blocking",
    "AsyncClient": "pretzel.client.asynchronous",
    "AsyncControlPlane": "pretzel.client.asynchronous",
}

__all__ = ["AsyncClient", "AsyncControlPlane", "Client", "ControlPlane"]


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name when the name is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pretzel.client' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
