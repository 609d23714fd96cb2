"""How many elements a value has in a row: known from its type, else seen in a sample, else assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

ASSUMED = 64.0
"""Values in a sparse row, tokens, or bytes of a text, until a sample says otherwise."""
_KEY = 16  # digits of a node's key: enough among the nodes of one definition


@dataclass(frozen=True)
class Sizes:
    """What a sample showed: the mean elements in a row of values whose type does not say, by their nodes."""

    rows: int = 0
    """Rows of the sample; 0 where there was none."""
    seen: Mapping[str, float] = field(default_factory=dict)
    """Stored values, tokens, or bytes of text in a row, by the beginning of the node's key."""

    def of(self, node: Node) -> float:
        """Return the elements in a row of a node's value."""
        if is_fixed(node.type):
            return node.type.columns
        return self.seen.get(key_of(node), min(ASSUMED, node.type.columns * ASSUMED))

    def room(self, node: Node) -> int:
        """Return the elements seen, rounded up to a power of two so that samples alike agree; 0 where none was seen."""
        seen = self.seen.get(key_of(node))
        return 0 if seen is None or is_fixed(node.type) else 1 << max(int(seen), 1).bit_length()

    def tree(self) -> dict[str, Any]:
        """Return the sizes as plain values."""
        return {"rows": self.rows, "seen": dict(self.seen)}

    @classmethod
    def from_tree(cls, tree: Any) -> Self:
        """Return what :meth:`tree` gave."""
        return cls(int(tree["rows"]), {str(key): float(size) for key, size in tree["seen"].items()})


def is_fixed(kind: ValueType) -> bool:
    """Whether every row of a type has as many elements as the type says."""
    return kind.layout == "dense" and not kind.is_text


def key_of(node: Node) -> str:
    """Return what names a node among those of its definition."""
    return node.key.hex()[:_KEY]
