"""Importers of XGBoost: its JSON and UBJSON files, read without the library, and its estimators in memory."""
