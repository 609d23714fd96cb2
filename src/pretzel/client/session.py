"""The things that a client of workers keeps between its calls."""

from __future__ import annotations

from dataclasses import dataclass, field

from pretzel.client.budget import RetryBudget
from pretzel.client.shortcut import Shortcut
from pretzel.plan.model import ModelDescription


@dataclass(slots=True)
class Session:
    """The state of one client, shared by its calls."""

    descriptions: dict[str, ModelDescription] = field(default_factory=dict)
    """Descriptions of models, by the name used in calls."""
    shortcuts: dict[tuple[str, str], Shortcut] = field(default_factory=dict)
    """Prepared calls, by model and method."""
    budget: RetryBudget = field(default_factory=RetryBudget)
