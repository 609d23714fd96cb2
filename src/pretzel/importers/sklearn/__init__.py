"""Importers of scikit-learn, one module per module of scikit-learn; importing this package registers them all."""

import importlib
import pkgutil

for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
