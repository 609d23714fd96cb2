"""Protocols: ask a server about its models, and prepare requests for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pretzel.loadgen.calls import Request

PROTOCOLS = ("pretzel", "oip", "oip-rest")


@dataclass(frozen=True, slots=True)
class Prepared:
    """The requests of a run."""

    model: str
    """The first model, as the server names it."""
    method: str
    requests: Sequence[Request]
    """One for each model and size: all sizes of the first model, then those of the next; or those of a trace."""


Wanted = Sequence[tuple[str, int]]
"""Models and rows of requests, in order."""
