"""Importers of XGBoost: JSON and UBJSON files, read without the library, and estimators in memory."""
