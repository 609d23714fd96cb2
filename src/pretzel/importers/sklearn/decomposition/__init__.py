"""Importers of sklearn.decomposition."""
