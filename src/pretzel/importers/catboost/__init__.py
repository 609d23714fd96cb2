"""Importers of CatBoost: binary and JSON files, read without the library, and estimators in memory."""
