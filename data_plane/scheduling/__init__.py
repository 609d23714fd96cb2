"""Runs plans for requests: at once for a cheap call, on executors for a dear one."""
