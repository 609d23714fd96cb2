"""Kernels of the decompositions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def _by_word(node: Node) -> Mapping[str, Parameter]:
    """Store the topics of each word contiguously: a row reads only those of its words."""
    assert isinstance(node, ops.Topics)
    return {"words": Parameter.of(np.ascontiguousarray(node.words.array.T))}


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Topics: (Binding("topics", "decomposition.topics:Topics", derive=_by_word),),
    ops.MatchingPursuit: (Binding("matching_pursuit", "decomposition.pursuit:MatchingPursuit"),),
}
