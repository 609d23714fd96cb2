"""Causes, by class, of estimators that are slower than their library at some size; a test keeps them current."""

from __future__ import annotations

CAUSES: dict[str, str] = {}
