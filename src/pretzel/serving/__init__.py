"""Shared by the servers of both planes: settings, logs, background tasks, durable files, metrics, limits."""
