"""Why a served estimator is slower than its library at some size: by class, for the table; a test keeps it current."""

from __future__ import annotations

CAUSES: dict[str, str] = {}
