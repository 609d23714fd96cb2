"""Importers of sklearn.ensemble."""
