"""Where values enter a definition."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

__all__ = ["Input"]


class Input(Node):
    """A named column, or a named matrix, that each request brings.  Names are kept verbatim, any Unicode."""

    column: str
    """Its name; one input of a definition has it."""
    kind: str
    """The type, spelled as :class:`~pretzel.plan.types.ValueType` prints it."""

    def infer(self) -> ValueType:
        """The declared type."""
        return ValueType.parse(self.kind)
