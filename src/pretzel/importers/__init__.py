"""Turns an estimator in memory into a pipeline definition."""

from pretzel.importers.export import export
from pretzel.importers.registry import IMPORTERS, Methods, Step, imports

__all__ = ["IMPORTERS", "Methods", "Step", "export", "imports"]
