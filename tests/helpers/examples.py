"""Numbers of examples that Hypothesis draws: `make test` draws a third of those that `make test-random` draws."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

LEAST = 8


def drawing(most: int, **options: Any) -> settings:
    """Return settings for a test that is worth this number of examples."""
    thorough = settings.get_current_profile_name() == "random"
    return settings(max_examples=most if thorough else max(most // 3, min(most, LEAST)), deadline=None, **options)
