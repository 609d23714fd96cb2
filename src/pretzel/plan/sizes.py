"""Elements per row of each value: fixed by its type, else measured on a sample, else assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

ASSUMED = 64.0
"""Values per sparse row, tokens, or bytes per text, in the absence of a sample."""
_KEY = 16  # digits of a node's key: unique among the nodes of one definition


@dataclass(frozen=True)
class Sizes:
    """Mean elements per row in a sample, by node, for values whose type does not fix them."""

    rows: int = 0
    """Rows of the sample; 0 without a sample."""
    seen: Mapping[str, float] = field(default_factory=dict)
    """Stored values, tokens, or bytes of text per row, by the first digits of the node's key."""

    def of(self, node: Node) -> float:
        """Return the elements per row of a node's value."""
        if is_fixed(node.type):
            return node.type.columns
        return self.seen.get(key_of(node), min(ASSUMED, node.type.columns * ASSUMED))

    def room(self, node: Node) -> int:
        """Return the measured elements, rounded up to a power of two so that similar samples agree; 0 if unknown."""
        seen = self.seen.get(key_of(node))
        return 0 if seen is None or is_fixed(node.type) else 1 << max(int(seen), 1).bit_length()

    def tree(self) -> dict[str, Any]:
        """Return the sizes as plain values."""
        return {"rows": self.rows, "seen": dict(self.seen)}

    @classmethod
    def from_tree(cls, tree: Any) -> Self:
        """Build the sizes that :meth:`tree` returned."""
        return cls(int(tree["rows"]), {str(key): float(size) for key, size in tree["seen"].items()})


def is_fixed(kind: ValueType) -> bool:
    """Return whether the type fixes the number of elements per row."""
    return kind.layout == "dense" and not kind.is_text


def key_of(node: Node) -> str:
    """Return a key that is unique among the nodes of a definition."""
    return node.key.hex()[:_KEY]
