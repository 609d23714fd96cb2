"""Identities of callers and what they may do, for the servers of both planes."""
