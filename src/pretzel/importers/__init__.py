"""Importers: convert a fitted estimator or a model file to a pipeline definition."""

from pretzel.importers.check import Report, check
from pretzel.importers.export import definition_of, export
from pretzel.importers.foreign import Features, Part, register
from pretzel.importers.registry import IMPORTERS, Methods, Step, imports

__all__ = [
    "IMPORTERS",
    "Features",
    "Methods",
    "Part",
    "Report",
    "Step",
    "check",
    "definition_of",
    "export",
    "imports",
    "register",
]
