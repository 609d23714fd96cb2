"""Iterative decompositions of a row: into topics, into atoms of a dictionary."""
