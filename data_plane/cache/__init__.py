"""Keeps fetched objects as read-only files, and maps them."""
