"""Schedules requests: cheap ones run on the event loop, expensive ones on executor threads."""
