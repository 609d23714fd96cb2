"""Importers of imbalanced-learn, whose samplers act only in fitting; importing this package registers them all."""

from pretzel.importers.imblearn import ensemble, pipeline  # noqa: F401
