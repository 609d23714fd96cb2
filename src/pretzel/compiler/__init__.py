"""Compile definitions to plans: optimize, check, lower, explain.  It uses no transport, database or files."""
