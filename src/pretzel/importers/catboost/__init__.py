"""Importers of CatBoost's estimators and of its files; ``read`` takes the bytes of either file format.

The estimators' importers need CatBoost and are registered when one is met, as it is loaded then; files need nothing.
"""

import sys

from pretzel.importers.catboost import files
from pretzel.importers.catboost.files import read

if "catboost" in sys.modules:
    from pretzel.importers.catboost import estimators

__all__ = ["estimators", "files", "read"]
