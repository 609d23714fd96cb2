"""Serving of many small classical models at once, with the answers of the library that trained them.

The public names below are imported on first use, so that `import pretzel` loads neither NumPy nor gRPC.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "compile": "pretzel.local",
    "load": "pretzel.local",
    "Predictor": "pretzel.local",
    "export": "pretzel.importers",
    "check": "pretzel.importers",
    "Client": "pretzel.client",
    "AsyncClient": "pretzel.client",
    "ControlPlane": "pretzel.client",
    "AsyncControlPlane": "pretzel.client",
    "Rules": "pretzel.client",
    "Terms": "pretzel.client",
    "request_id": "pretzel.client",
    "route_key": "pretzel.client",
    "AnswersMayDifferWarning": "pretzel.errors",
    "errors": "pretzel.errors",
    "flow": "pretzel.flow",
    "importers": "pretzel.importers",
    "testing": "pretzel.testing",
}

_MODULES = {"errors", "flow", "importers", "testing"}
"""Public names that are modules, not members of their home."""

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name when the name is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pretzel' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    value = home if name in _MODULES else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
