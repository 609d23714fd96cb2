"""Which kernel computes which operator: one line an operator, in the file of its family."""

from pretzel.engine.bindings.binding import Binding, Lowered
from pretzel.engine.bindings.categories import CATEGORIES
from pretzel.engine.bindings.decomposition import DECOMPOSITION
from pretzel.engine.bindings.dense import DENSE
from pretzel.engine.bindings.features import FEATURES
from pretzel.engine.bindings.folded import FOLDED
from pretzel.engine.bindings.text import TEXT
from pretzel.engine.bindings.trees import TREES
from pretzel.errors import DefinitionError
from pretzel.plan.node import Node

__all__ = ["BINDINGS", "KERNELS", "Binding", "Lowered", "lower"]

FAMILIES = (DENSE, CATEGORIES, TEXT, TREES, FOLDED, FEATURES, DECOMPOSITION)
BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    operator: tuple(binding for family in FAMILIES for binding in family.get(operator, ()))
    for operator in dict.fromkeys(operator for family in FAMILIES for operator in family)
}
"""The kernels that can compute each operator; the first that takes the node's types is used."""

KERNELS: dict[str, Binding] = {binding.kernel: binding for many in BINDINGS.values() for binding in many}
"""Every kernel under the name that plans give it."""


def lower(node: Node) -> Lowered:
    """Return the kernel for a node, with the attributes and the (derived) parameters it is built with.

    Raises:
        DefinitionError: no kernel computes this operator over these types.
    """
    for binding in BINDINGS.get(type(node), ()):
        if binding.takes(node):
            return binding.lower(node)
    types = ", ".join(str(child.type) for child in node.inputs)
    raise DefinitionError(f"{node.name}: no kernel computes it over ({types}) giving {node.type}")
