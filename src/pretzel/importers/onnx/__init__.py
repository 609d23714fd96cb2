"""Importers of ONNX graphs: one small function per operator, looked up by domain and name."""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
