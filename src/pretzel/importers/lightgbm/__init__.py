"""Importers of LightGBM: text files, read without the library, and estimators in memory."""
