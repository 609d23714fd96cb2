"""Importers of CatBoost: its binary and JSON files, read without the library, and its estimators in memory."""
