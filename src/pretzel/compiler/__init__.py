"""Compile definitions to plans: optimize, check, lower, explain.  Uses no transport, database or files."""
