"""What the servers of both planes share: settings, logs, background tasks, files written whole, metrics, limits."""
