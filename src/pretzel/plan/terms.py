"""Conditions of a change of a model, which are checked in the transaction that makes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """Conditions of one change.  If one does not hold, nothing is changed, and the error says what it is now."""

    if_version: int | None = None
    """The version that the alias of the change points to, `stable` if it names none; 0: that alias does not exist."""
    if_edition: int | None = None
    """The edition of the model; 0: it does not exist."""
    override_freeze: bool = False
    """Change the model although it is frozen, which needs the role administer."""


ANY = Terms()
"""No condition, but that the model is not frozen."""
