"""Which kernel computes which operator: one line per operator, in the table ``BINDINGS`` of its family's module."""

import importlib
import pkgutil

from pretzel.engine.bindings.binding import Binding, Lowered
from pretzel.engine.costs import relative_cost
from pretzel.errors import DefinitionError
from pretzel.plan.node import Node
from pretzel.plan.sizes import Sizes

__all__ = ["BINDINGS", "KERNELS", "Binding", "Lowered", "choose", "lower"]

BINDINGS: dict[type[Node], tuple[Binding, ...]] = {}
"""The kernels that can compute each operator; of those that take a node's types the cheapest is used."""

for _module in pkgutil.iter_modules(__path__):
    BINDINGS |= getattr(importlib.import_module(f"{__name__}.{_module.name}"), "BINDINGS", {})

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
