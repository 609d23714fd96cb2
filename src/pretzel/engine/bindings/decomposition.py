"""Kernels that take a row apart step by step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def _by_word(node: Node) -> Mapping[str, Parameter]:
    """Lay the topics of each word side by side: a row reads those of its words alone."""
    assert isinstance(node, ops.Topics)
    return {"words": Parameter.of(np.ascontiguousarray(node.words.array.T))}


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Topics: (Binding("topics", "decomposition.topics:Topics", derive=_by_word),),
    ops.MatchingPursuit: (Binding("matching_pursuit", "decomposition.pursuit:MatchingPursuit"),),
}
