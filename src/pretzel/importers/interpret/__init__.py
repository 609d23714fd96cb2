"""Importers of interpret's explainable boosting machines; importing this package registers them all."""

from pretzel.importers.interpret import boosting  # noqa: F401
