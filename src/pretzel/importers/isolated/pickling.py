"""Objects pickled by value, with the versions of Python and packages that they need."""

from __future__ import annotations

import contextlib
import importlib.metadata
import pickletools
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from pretzel.errors import PreconditionError
from pretzel.importers.installed import is_installed

PICKLER = "cloudpickle"


@dataclass(frozen=True)
class Pickled:
    """An object as bytes, and what a side process needs to unpickle and run it."""

    code: bytes
    python: str
    packages: tuple[str, ...]


def pickled(thing: Any, also: Iterable[str] = ()) -> Pickled:
    """Return an object pickled by value: its own code and that of modules that no package provides travel with it.

    ``also``: further modules whose packages it needs.

    Raises:
        PreconditionError: cloudpickle is not installed, or the object cannot be pickled.
    """
    try:
        import cloudpickle
    except ModuleNotFoundError:
        raise PreconditionError("Python stages need cloudpickle: pip install 'pretzel[python]'") from None
    with _by_value(cloudpickle):
        try:
            code = cloudpickle.dumps(thing, protocol=5)
        except Exception as error:  # whatever the objects raise
            raise PreconditionError(f"it cannot be pickled ({type(error).__name__}: {error})") from error
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return Pickled(code, version, _packages(code, {"numpy", *also}))


@contextlib.contextmanager
def _by_value(cloudpickle: Any) -> Iterator[None]:
    """Pickle modules by value that are not installed, so that servers need no copy of a user's files."""
    own = [module for name, module in list(sys.modules.items()) if _is_own(name, module)]
    added = [module for module in own if module.__name__ not in cloudpickle.list_registry_pickle_by_value()]
    for module in added:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in added:
            cloudpickle.unregister_pickle_by_value(module)


def _is_own(name: str, module: Any) -> bool:
    if not isinstance(module, ModuleType) or module.__name__ != name or not getattr(module, "__file__", None):
        return False
    return name.partition(".")[0] not in ("__main__", "pretzel") and not is_installed(name)


def _packages(code: bytes, also: set[str]) -> tuple[str, ...]:
    """Return the installed packages whose modules a pickle names, with their versions."""
    named = {text.partition(".")[0] for text in _texts(code)} | also
    known = _distributions()
    packages = {package for name in named if name in sys.modules for package in known.get(name, ())}
    packages -= {"pretzel", PICKLER}
    return tuple(sorted(f"{package}=={importlib.metadata.version(package)}" for package in packages))


def _texts(code: bytes) -> Iterator[str]:
    for opcode, argument, _ in pickletools.genops(code):
        if isinstance(argument, str) and "UNICODE" in opcode.name or opcode.name == "GLOBAL":
            yield str(argument).partition(" ")[0]


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())
