"""Importers of skrub; importing this package registers them all."""

from pretzel.importers.skrub import refused, strings, vectorizer  # noqa: F401
