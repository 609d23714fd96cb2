"""Migrations of the catalog, inside the package so that every installation can apply them."""
