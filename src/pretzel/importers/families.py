"""Packages of importers by library, loaded for the first estimator of the library: our own, and those of others.

A distribution ships importers by an entry point of the group ``pretzel.importers``: its name is the package of the
estimators' classes, its value the module that registers their importers (:func:`pretzel.importers.register`).
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from pretzel.errors import BrokenImportersWarning
from pretzel.importers import sklearn

FAMILIES: dict[str, str] = {
    "catboost": "pretzel.importers.catboost.estimators",
    "category_encoders": "pretzel.importers.category_encoders",
    "category_encoders.glmm": "pretzel.importers.category_encoders.glmm",
    "feature_engine": "pretzel.importers.feature_engine",
    "imblearn": "pretzel.importers.imblearn",
    "interpret": "pretzel.importers.interpret",
    "lightgbm": "pretzel.importers.lightgbm.estimators",
    "mlxtend": "pretzel.importers.mlxtend",
    "onnx": "pretzel.importers.onnx",
    "sklearn": "pretzel.importers.sklearn",
    "skrub": "pretzel.importers.skrub",
    "xgboost": "pretzel.importers.xgboost.estimators",
}
"""The package that registers the importers of each library, or of a module that needs a further library."""
GROUP = "pretzel.importers"
_loaded: set[str] = set()
"""Names of entry points that were loaded, or failed to."""
_imported: set[str] = set()
"""Modules of importers whose import has ended."""
_families: set[str] = set()
"""Libraries whose packages of importers were imported."""


def load_family(kind: type) -> None:
    """Import the modules that register the importers of a class's library, or those for its module of the library.

    Warns:
        BrokenImportersWarning: a module of another distribution fails; its importers are missing, and no others.
    """
    for base in kind.__mro__:
        for name in _names(base.__module__):
            if name in FAMILIES:
                _import(FAMILIES[name])
                _families.add(name)
            for module in _parts().get(name, ()):
                _import(module)
            if name not in _loaded and name in _shipped():
                for entry in _shipped()[name]:
                    _load(entry)
                _loaded.add(name)


def load_rest() -> None:
    """Import all importers of the libraries of which some were loaded, to compare a class with all of them."""
    for name, modules in _parts().items():
        if name.partition(".")[0] in _families:
            for module in modules:
                _import(module)


def _import(module: str) -> None:
    # import_module takes a lock each time; a module that another thread still imports is in sys.modules already
    if module not in _imported or module not in sys.modules:
        importlib.import_module(module)
        _imported.add(module)


@cache
def _parts() -> dict[str, list[str]]:
    """Return the modules of importers for a module of a library, of those families that load only what is used."""
    found: dict[str, list[str]] = {}
    for ours, theirs in sklearn.MODULES.items():
        for name in theirs.split():
            found.setdefault(f"sklearn.{name}", []).append(f"pretzel.importers.sklearn.{ours}")
    return found


def _names(module: str) -> Iterator[str]:
    """Yield a module and the packages that contain it: ``a``, ``a.b``."""
    parts = module.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts) + 1))


@cache
def _shipped() -> dict[str, list[EntryPoint]]:
    """Return the entry points of installed distributions by name, read once."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, []).append(entry)
    return found


def _load(entry: EntryPoint) -> None:
    try:
        entry.load()
    except Exception as error:  # whatever the code of others raises
        owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "an unknown distribution"
        warnings.warn(
            f"the importers for {entry.name!r} in {entry.value} ({owner}) cannot be loaded: "
            f"{type(error).__name__}: {error}; upgrade or uninstall that distribution",
            BrokenImportersWarning,
            stacklevel=2,
        )
