"""The catalog: models, versions and aliases under one revision number, and the objects they need."""

from pretzel.control_plane.catalog.catalog import Catalog
from pretzel.control_plane.catalog.holds import Hold
from pretzel.control_plane.catalog.labels import Marking
from pretzel.control_plane.catalog.names import STABLE, Reference
from pretzel.control_plane.catalog.records import Changes, Release
from pretzel.control_plane.catalog.selectors import Selection

__all__ = ["STABLE", "Catalog", "Changes", "Hold", "Marking", "Reference", "Release", "Selection"]
