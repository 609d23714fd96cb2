"""Which kernel computes which operator: one line an operator, in the file of its family."""

from pretzel.engine.bindings.binary import BINARY
from pretzel.engine.bindings.binding import Binding, Lowered
from pretzel.engine.bindings.categories import CATEGORIES
from pretzel.engine.bindings.contributions import CONTRIBUTIONS
from pretzel.engine.bindings.decomposition import DECOMPOSITION
from pretzel.engine.bindings.dense import DENSE
from pretzel.engine.bindings.features import FEATURES
from pretzel.engine.bindings.fused import FOLDED
from pretzel.engine.bindings.hashes import HASHES
from pretzel.engine.bindings.neighbors import NEIGHBORS
from pretzel.engine.bindings.text import TEXT
from pretzel.engine.bindings.trees import TREES
from pretzel.engine.costs import relative_cost
from pretzel.errors import DefinitionError
from pretzel.plan.node import Node
from pretzel.plan.sizes import Sizes

__all__ = ["BINDINGS", "KERNELS", "Binding", "Lowered", "choose", "lower"]

FAMILIES = (
    DENSE,
    BINARY,
    CATEGORIES,
    CONTRIBUTIONS,
    DECOMPOSITION,
    FEATURES,
    FOLDED,
    HASHES,
    NEIGHBORS,
    TEXT,
    TREES,
)
BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    operator: tuple(binding for family in FAMILIES for binding in family.get(operator, ()))
    for operator in dict.fromkeys(operator for family in FAMILIES for operator in family)
}
"""The kernels that can compute each operator; of those that take a node's types the cheapest is used."""

KERNELS: dict[str, Binding] = {binding.kernel: binding for many in BINDINGS.values() for binding in many}
"""Every kernel under the name that plans give it."""

_ASSUMED = Sizes()


def lower(node: Node, sizes: Sizes = _ASSUMED) -> Lowered:
    """Return the kernel for a node, with the attributes and the (derived) parameters it is built with.

    Raises:
        DefinitionError: no kernel computes this operator over these types.
    """
    return choose(node, sizes).lower(node)


def choose(node: Node, sizes: Sizes = _ASSUMED) -> Binding:
    """Return the kernel that computes a node for least, by the cost table; the first where that does not know them all.

    Raises:
        DefinitionError: no kernel computes this operator over these types.
    """
    able = [binding for binding in BINDINGS.get(type(node), ()) if binding.takes(node)]
    if not able:
        types = ", ".join(str(child.type) for child in node.inputs)
        raise DefinitionError(f"{node.name}: no kernel computes it over ({types}) giving {node.type}")
    if len(able) == 1:
        return able[0]
    known = [(cost, i) for i, each in enumerate(able) if (cost := relative_cost(each.kernel, each.work(node, sizes)))]
    return able[min(known)[1]] if len(known) == len(able) else able[0]
