"""Importers of sklearn.compose."""
