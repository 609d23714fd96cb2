"""Importers of scikit-learn, in scikit-learn's own modules; importing this package registers them all."""

import importlib
import pkgutil

for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
