"""Importers of mlxtend; importing this package registers them all."""

from pretzel.importers.mlxtend import columns, ensembles  # noqa: F401
