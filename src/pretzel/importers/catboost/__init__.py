"""Importers of CatBoost's files, which need nothing of it, and of its estimators (in ``estimators``)."""

from pretzel.importers.catboost.files import read

__all__ = ["read"]
