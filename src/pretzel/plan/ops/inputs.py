"""Operator for the inputs of a definition."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

__all__ = ["Input"]


class Input(Node):
    """A named column or matrix of the request.  Names are any Unicode text, kept verbatim."""

    column: str
    """Its name, unique in a definition."""
    kind: str
    """The type, in the text form of :class:`~pretzel.plan.types.ValueType`."""

    def infer(self) -> ValueType:
        """The declared type."""
        return ValueType.parse(self.kind)
