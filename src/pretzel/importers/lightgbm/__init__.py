"""Importers of LightGBM: its text files, read without the library, and its estimators in memory."""
