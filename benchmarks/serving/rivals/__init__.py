"""Servers that answer the same models with scikit-learn; each runs in an environment of its own."""
