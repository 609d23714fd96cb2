"""Rewrites a definition into a cheaper one of the same meaning, one rule a file."""
