"""Runs a compiled plan against the golden values of its sample before it may be served."""
