"""Follows the catalog and fetches the objects it refers to."""
