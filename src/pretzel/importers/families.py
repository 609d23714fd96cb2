"""Packages of importers by library, loaded for the first estimator of the library."""

from __future__ import annotations

import importlib

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


def load_family(kind: type) -> None:
    """Import the package that registers the importers of a class's library."""
    for base in kind.__mro__:
        for name in (base.__module__.partition(".")[0], base.__module__):
            if name in FAMILIES:
                importlib.import_module(FAMILIES[name])
