"""Packages of importers by library, loaded for the first estimator of the library."""

from __future__ import annotations

import importlib

FAMILIES: dict[str, str] = {
    "catboost": "pretzel.importers.catboost.estimators",
    "imblearn": "pretzel.importers.imblearn",
    "lightgbm": "pretzel.importers.lightgbm.estimators",
    "onnx": "pretzel.importers.onnx",
    "sklearn": "pretzel.importers.sklearn",
    "xgboost": "pretzel.importers.xgboost.estimators",
}
"""The package that registers the importers of each library, loaded for its first estimator."""


def load_family(kind: type) -> None:
    """Import the package that registers the importers of a class's library."""
    for base in kind.__mro__:
        package = FAMILIES.get(base.__module__.partition(".")[0])
        if package is not None:
            importlib.import_module(package)
