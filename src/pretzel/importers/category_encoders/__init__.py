"""Importers of category_encoders; importing this package registers them all."""

from pretzel.importers.category_encoders import encoders, refused  # noqa: F401
